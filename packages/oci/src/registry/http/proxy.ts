/** Selects the proxy of a request from the conventional environment variables. */
import { BlockList, isIP } from 'node:net';

import { addressOf, isLoopback } from './address-policy.ts';

/** The values of HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export interface ProxySettings {
  readonly http?: string;
  readonly https?: string;
  /**
   * Comma-separated: a name (with subdomains), `.name` (only subdomains), an address or a network
   * (`10.0.0.0/8`), each with or without a port; `*` for everything.
   */
  readonly none?: string;
}

/** Undefined for a direct connection. The loopback is never proxied. */
export function chooseProxy(url: URL, settings: ProxySettings): string | undefined {
  const proxy = url.protocol === 'https:' ? settings.https : settings.http;
  if (proxy === undefined || proxy === '' || isLoopback(url.hostname)) return undefined;
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const rules = (settings.none ?? '').split(',').map((rule) => rule.trim().toLowerCase());
  return rules.some((rule) => exempts(rule, url.hostname, port)) ? undefined : proxy;
}

function exempts(rule: string, hostname: string, port: string): boolean {
  if (rule === '') return false;
  if (rule === '*') return true;
  const address = addressOf(hostname);
  if (rule.includes('/')) return address !== undefined && isInNetwork(rule, address);
  const { name, wanted } = splitPort(rule);
  if (wanted !== undefined && wanted !== port) return false;
  if (name === (address ?? hostname)) return true;
  if (address !== undefined) return false;
  return hostname.endsWith(name.startsWith('.') ? name : `.${name}`);
}

function isInNetwork(rule: string, address: string): boolean {
  const [base = '', bits = ''] = rule.split('/');
  const version = isIP(base);
  const prefix = /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (version === 0 || version !== isIP(address) || !(prefix <= (version === 4 ? 32 : 128))) {
    return false;
  }
  const list = new BlockList();
  const family = version === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(base, prefix, family);
  return list.check(address, family);
}

function splitPort(rule: string): { name: string; wanted: string | undefined } {
  if (rule.startsWith('[')) {
    const close = rule.indexOf(']');
    const rest = rule.slice(close + 1);
    return { name: rule.slice(1, close), wanted: rest.startsWith(':') ? rest.slice(1) : undefined };
  }
  const colon = rule.indexOf(':');
  if (colon < 0 || colon !== rule.lastIndexOf(':')) return { name: rule, wanted: undefined };
  return { name: rule.slice(0, colon), wanted: rule.slice(colon + 1) };
}
