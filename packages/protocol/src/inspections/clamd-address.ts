/** The address of clamd. */
export type ClamdEndpoint =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number };

const portMax = 65_535;

/** `/run/clamav/clamd.ctl`, `unix:/path`, `host:port` or `tcp://host:port`; undefined otherwise. */
export function parseClamdAddress(address: string): ClamdEndpoint | undefined {
  const path = address.replace(/^unix:(?:\/\/)?/, '');
  if (path.startsWith('/')) return { socketPath: path };
  const match = /^(?:tcp:\/\/)?(?:\[([0-9a-f:.]+)\]|([^[\]/:\s]+)):(\d{1,5})$/i.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > portMax ? undefined : { host, port };
}
