// Whether the pages for developers are served: `on` or `off`, put on each request by the server that has the setting.
export const DEV_HEADER = "berth-dev-pages";
