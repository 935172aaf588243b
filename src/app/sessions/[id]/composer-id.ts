/** The id of the element that a person writes a message in. */
export const COMPOSER_ID = "composer";
