// Which build of the dashboard answered: in every answer's header, and as a meta element of the page that it was answered with.
export const BUILD_HEADER = "berth-build";
