/**
 * Where the console and the API are. Both follow from the address of this script
 * (`<anything>/console/assets/...js`), so that any proxy may put the whole under a sub-path.
 */
const script = import.meta.url;

/** `<anything>/console/` */
export const consoleUrl: URL = new URL('../', script);

/** The address that the paths of the operations are appended to. */
export const serverUrl: string = new URL('../', consoleUrl).href.replace(/\/$/, '');

/** What the router takes off the path. */
export const consolePath: string = consoleUrl.pathname.replace(/\/$/, '');
