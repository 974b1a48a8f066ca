/**
 * Base URLs of the console and of the API, derived from the URL of this script
 * (`<anything>/console/assets/...js`), so that a reverse proxy may serve both under a sub-path.
 */
const script = import.meta.url;

/** `<anything>/console/` */
export const consoleUrl: URL = new URL('../', script);

/** Base URL of the API; the paths of operations are appended to it. */
export const serverUrl: string = new URL('../', consoleUrl).href.replace(/\/$/, '');

/** Path prefix that the router strips. */
export const consolePath: string = consoleUrl.pathname.replace(/\/$/, '');
