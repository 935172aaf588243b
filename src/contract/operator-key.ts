// The name of the API key of `BERTH_API_KEY` or `<data>/api-key`: it follows the server's settings.

export const OPERATOR_KEY = "operator";
