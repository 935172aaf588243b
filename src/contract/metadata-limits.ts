// How much metadata the API takes. Apart from the schemas, so that the dashboard need not load a schema library for three numbers.

export const MAX_METADATA_KEYS = 16;
export const MAX_METADATA_KEY_LENGTH = 64;
export const MAX_METADATA_VALUE_LENGTH = 512;
