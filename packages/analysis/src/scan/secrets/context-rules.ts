/** Secrets that are only identified by their context: settings, URLs, headers, histories. */
import type { Severity } from '@lazaret/protocol';

import { isPlaceholder, isRandom } from './judge-value.ts';
import type { SecretMatch, SecretRule } from './secret-rule.ts';

const assign = `["']?\\s{0,8}(?:=>|:=|=|:)\\s{0,8}["']?`;
const end = '(?![\\w+/=])';

/** `name = value` where the value has a specific format. */
function setting(
  id: string,
  title: string,
  {
    names,
    value,
    severity = 'high',
  }: { names: readonly string[]; value: string; severity?: Severity },
): SecretRule {
  const heads = names.flatMap((name) => [name, name.toUpperCase()]);
  return {
    id,
    title,
    severity,
    anchors: [...new Set(heads)],
    pattern: new RegExp(`(?:${heads.join('|')})${assign}(?<secret>${value})${end}`, 'y'),
    inWord: true,
    reach: 4_200,
    judge: ({ secret }) => (isRandom(secret, 2.5) && /\d/.test(secret) ? severity : undefined),
  };
}

const settings: readonly SecretRule[] = [
  setting('aws-secret-key', 'AWS secret access key', {
    names: ['aws_secret_access_key', 'SecretAccessKey', 'aws_secret_key', 'secretAccessKey'],
    value: '[A-Za-z0-9/+]{40}',
  }),
  setting('aws-session-token', 'AWS session token', {
    names: ['aws_session_token'],
    value: '[A-Za-z0-9/+=]{100,1500}',
  }),
  setting('azure-account-key', 'Azure storage account key', {
    names: ['AccountKey', 'azure_storage_key'],
    value: '[A-Za-z0-9+/]{86}==',
  }),
  setting('azure-shared-key', 'Azure shared access key', {
    names: ['SharedAccessKey'],
    value: '[A-Za-z0-9+/]{43}=',
  }),
  setting('cloudflare-token', 'Cloudflare token', {
    names: ['cloudflare_api_token', 'cloudflare_api_key', 'cf_api_token', 'cf_api_key'],
    value: '[A-Za-z0-9_-]{37,40}',
  }),
  setting('datadog-key', 'Datadog key', {
    names: ['dd_api_key', 'dd_app_key', 'datadog_api_key', 'datadog_app_key'],
    value: '(?:[0-9a-f]{40}|[0-9a-f]{32})',
  }),
  setting('twilio-token', 'Twilio token', {
    names: ['twilio_auth_token', 'twilio_api_secret'],
    value: '[0-9a-fA-F]{32}',
  }),
  setting('npmrc-password', 'Credentials of a package registry', {
    names: ['_authToken', '_password', ':_auth'],
    value: '[A-Za-z0-9+/=_-]{16,200}',
    severity: 'medium',
  }),
  setting('kubeconfig-key', 'Client key of a kubeconfig', {
    names: ['client-key-data'],
    value: '[A-Za-z0-9+/=]{64,4000}',
  }),
  {
    id: 'docker-auth',
    reach: 2_200,
    title: 'Credentials of a container registry',
    severity: 'high',
    anchors: ['"auth"', '"identitytoken"', '"registrytoken"'],
    pattern:
      /"(?:auth|identitytoken|registrytoken)"\s{0,8}:\s{0,8}"(?<secret>[A-Za-z0-9+/=_.-]{8,2000})"/y,
    path: /(?:^|\/)(?:config\.json|\.dockercfg|\.dockerconfigjson|auth\.json)$/,
    inWord: true,
    judge: ({ secret, text }) => {
      if (!text.startsWith('"auth"')) return 'high';
      return /^[^:\s]{1,200}:[\x21-\x7e]{1,1500}$/.test(decodeText(secret)) ? 'high' : undefined;
    },
  },
];

/** Schemes of URLs with passwords. */
const schemes = ['postgres', 'postgresql', 'mysql', 'mariadb', 'mongodb', 'mongodb+srv', 'redis'];
const moreSchemes = [
  'rediss',
  'amqp',
  'amqps',
  'mssql',
  'clickhouse',
  'smtp',
  'smtps',
  'ftp',
  'sftp',
];

const addressRules: readonly SecretRule[] = [
  addressRule('database-address', 'Password in a URL', [...schemes, ...moreSchemes]),
  addressRule('web-address', 'Password in a web URL', ['https', 'http']),
];

function addressRule(id: string, title: string, names: readonly string[]): SecretRule {
  const heads = names.map((name) => name.replace('+', '\\+')).join('|');
  const user = '[^\\s:@/"\'<>\\\\${}%]{0,64}';
  const password = '(?<secret>[^\\s:@/"\'<>\\\\${}]{3,128})';
  return {
    id,
    title,
    severity: 'medium',
    anchors: names.map((name) => `${name}://`),
    pattern: new RegExp(`(?:${heads})://${user}:${password}@[\\w.[-]{2,100}`, 'y'),
    judge: ({ secret, path, text }) => {
      if (/@(?:.{0,60}\.)?(?:example|test|invalid|localhost)\b/.test(text)) return 'info';
      if (isPlaceholder(secret)) return 'info';
      return credentialFiles.test(path) ? 'high' : 'medium';
    },
  };
}

const credentialFiles = /(?:^|\/)(?:\.git-credentials|\.env[^/]*|pip\.conf|\.pypirc|\.netrc)$/;

const words = [
  'password',
  'passwd',
  'secret',
  'token',
  'api_key',
  'apikey',
  'access_key',
  'auth_key',
];
const moreWords = [
  'apiKey',
  'accessKey',
  'client_secret',
  'clientSecret',
  'secret_key',
  'secretKey',
];
const genericWords = [...words, ...moreWords].flatMap((word) => [
  word,
  word.toUpperCase(),
  word.charAt(0).toUpperCase() + word.slice(1),
]);
const settingsFile =
  /(?:^|\/)(?:[^/]*\.env(?:\.[^/]*)?|\.env[^/]*|[^/]*\.(?:properties|tfvars|ini|cfg|conf|toml))$/;

const genericRules: readonly SecretRule[] = [
  {
    id: 'random-value',
    title: 'A random value called a secret',
    severity: 'low',
    anchors: [...new Set(genericWords)],
    pattern: new RegExp(
      `(?:${genericWords.join('|')})["']?\\s{0,4}(?:=>|:=|=|:)\\s{0,4}(?<quote>["'])` +
        '(?<secret>[A-Za-z0-9+/=_.!@#$%^&*~-]{16,200})\\k<quote>',
      'y',
    ),
    inWord: true,
    judge: ({ secret }) => (isRandom(secret, 3.6) && isMixed(secret) ? 'low' : undefined),
  },
  {
    id: 'settings-password',
    title: 'A password in a settings file',
    severity: 'low',
    anchors: ['PASSWORD', 'password', 'SECRET', 'TOKEN', 'API_KEY'],
    pattern:
      /(?:PASSWORD|password|SECRET|TOKEN|API_KEY)[A-Z_]{0,20}=["']?(?<secret>[^\s"'#;,<>(){}\\]{8,200})["']?[ \t]{0,8}(?:\r?\n|$)/y,
    inWord: true,
    path: settingsFile,
    judge: judgeSetting,
  },
  {
    id: 'php-password',
    title: 'Password or salt of a PHP program',
    severity: 'medium',
    anchors: ['DB_PASSWORD', 'AUTH_KEY', 'AUTH_SALT', 'LOGGED_IN_KEY', 'NONCE_KEY', 'NONCE_SALT'],
    pattern:
      /(?:DB_PASSWORD|AUTH_KEY|AUTH_SALT|LOGGED_IN_KEY|NONCE_KEY|NONCE_SALT)["']\s{0,4},\s{0,8}["'](?<secret>[^"'\r\n]{4,200})["']/y,
    inWord: true,
    judge: ({ secret }) => (isPlaceholder(secret) ? undefined : 'medium'),
  },
  {
    id: 'jwt',
    reach: 4_400,
    title: 'JSON Web Token',
    severity: 'medium',
    anchors: ['eyJhbGciOi', 'eyJ0eXAiOi', 'eyJraWQiOi'],
    pattern: /eyJ[\w-]{15,1000}\.eyJ[\w-]{10,2500}\.[\w-]{20,700}(?![\w-])/y,
    judge: ({ before }) =>
      /(?:bearer|authorization|token|jwt|secret|cookie|session)/i.test(before) ? 'medium' : 'low',
  },
  {
    id: 'authorization-header',
    reach: 2_200,
    title: 'Credentials in a header',
    severity: 'medium',
    anchors: ['Authorization: ', 'authorization: '],
    pattern:
      /[Aa]uthorization: (?:Basic (?<basic>[A-Za-z0-9+/]{16,400}={0,2})|(?:Bearer|token) (?<secret>[\w.~+/=-]{20,2000}))(?=["'\s])/y,
    judge: ({ secret }) => (isRandom(secret, 3) && isMixed(secret) ? 'medium' : undefined),
  },
];

function judgeSetting({ secret }: SecretMatch): Severity | undefined {
  if (isPlaceholder(secret) || /^[\w.-]*[/$%:]|^(?:true|false|none|null|\d+)$/i.test(secret)) {
    return undefined;
  }
  return /\d/.test(secret) && /[A-Za-z]/.test(secret) ? 'low' : undefined;
}

function decodeText(text: string): string {
  return Buffer.from(text, 'base64').toString('latin1');
}

/** Letters of both cases and digits: names and words rarely have both. */
function isMixed(secret: string): boolean {
  return /[a-z]/.test(secret) && /[A-Z]/.test(secret) && /\d/.test(secret);
}

export const contextRules: readonly SecretRule[] = [...settings, ...addressRules, ...genericRules];
