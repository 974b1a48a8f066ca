/**
 * An invented secret for every rule. They are assembled from pieces, so that secret scanners do
 * not report this file.
 */
import { randomBytes } from '../../../digest/testing/random-bytes.ts';

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '0123456789';

/** Random characters of an alphabet without direct repetition. */
export function draw(alphabet: string, count: number, seed = count): string {
  const bytes = randomBytes(seed, count);
  let last = 0;
  return Array.from(bytes, (byte) => {
    last = (last + 1 + (byte % (alphabet.length - 1))) % alphabet.length;
    return alphabet.charAt(last);
  }).join('');
}

export const alnum = (count: number, seed?: number): string =>
  draw(lower + upper + digits, count, seed);
const hex = (count: number): string => draw('0123456789abcdef', count);
const capitals = (count: number): string => draw(`${upper}234567`, count);
const letters = (count: number): string => draw(lower + upper, count);
const key = (words: string, body = alnum(64)): string =>
  [
    '-----BEGIN ',
    `${words}-----\n`,
    `${body}\n${alnum(64, 3)}\n`,
    '-----END ',
    `${words}-----\n`,
  ].join('');
const openssh = (cipher: string): string =>
  Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    Buffer.from([0, 0, 0, cipher.length]),
    Buffer.from(`${cipher}${alnum(40)}`),
  ]).toString('base64');

/** Rule, and a text that it must find. */
export const secretSamples: readonly (readonly [rule: string, text: string])[] = [
  ['private-key', key('RSA PRIVATE KEY')],
  ['private-key', JSON.stringify({ private_key: key('PRIVATE KEY') })],
  ['private-key-ec', key('EC PRIVATE KEY')],
  ['private-key-encrypted', key('ENCRYPTED PRIVATE KEY')],
  ['private-key-openssh', key('OPENSSH PRIVATE KEY', openssh('none'))],
  ['private-key-ssh2', key('SSH2 ENCRYPTED PRIVATE KEY')],
  ['private-key-pgp', key('PGP PRIVATE KEY BLOCK', `\n${alnum(64)}`)],
  ['private-key-putty', `PuTTY-User-Key-${'File-3'}: ssh-ed25519\nEncryption: none\nComment: x\n`],
  ['age-key', `AGE-SECRET-${'KEY-1'}${draw('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}`],
  ['wireguard-key', `Private${'Key'} = ${alnum(42)}E=\n`],
  ['github-token', `${'gh'}p_${alnum(36)}`],
  ['github-fine-grained', `github_${'pat_'}${alnum(22)}_${alnum(59)}`],
  ['gitlab-token', `gl${'pat-'}${alnum(20)}`],
  ['gitlab-runner', `gl${'rt-'}${alnum(20)}`],
  ['gitlab-agent', `gl${'agent-'}${alnum(50)}`],
  ['bitbucket-token', `AT${'BB'}${alnum(28)}${draw('0123456789ABCDEF', 8)}`],
  ['atlassian-token', `ATATT3x${'FfGF0'}${alnum(120)}=${draw('0123456789ABCDEF', 8)}`],
  ['npm-token', `np${'m_'}${alnum(36)}`],
  ['pypi-token', `pypi-${'AgEIcHlwaS5vcmc'}${alnum(120)}`],
  ['rubygems-token', `ruby${'gems_'}${hex(48)}`],
  ['nuget-key', `oy${'2'}${draw(lower + digits, 43)}`],
  ['clojars-token', `CLO${'JARS_'}${draw(lower + digits, 60)}`],
  ['dockerhub-token', `dckr_${'pat_'}${alnum(27)}`],
  ['jfrog-key', `AK${'Cp'}${alnum(69)}`],
  ['circleci-token', `CCI${'PAT_'}${alnum(22)}_${hex(40)}`],
  ['buildkite-token', `bk${'ua_'}${hex(40)}`],
  ['aws-access-key', `AK${'IA'}${capitals(14)}23`],
  ['gcp-api-key', `AI${'za'}${alnum(35)}`],
  ['gcp-client-secret', `GOC${'SPX-'}${alnum(28)}`],
  ['gcp-access-token', `ya${'29.'}${alnum(80)}`],
  ['azure-client-secret', `abc${'8Q~'}${alnum(34)}`],
  ['digitalocean-token', `dop_${'v1_'}${hex(64)}`],
  ['heroku-key', `HR${'KU-'}${alnum(60)}`],
  ['flyio-token', `fm${'2_'}${alnum(100)}`],
  ['netlify-token', `nf${'p_'}${alnum(36)}`],
  ['supabase-token', `sb${'p_'}${hex(40)}`],
  ['planetscale-token', `pscale_${'tkn_'}${alnum(43)}`],
  ['databricks-token', `da${'pi'}${hex(32)}`],
  ['vault-token', `hv${'s.'}${alnum(90)}`],
  ['terraform-token', `${alnum(14)}.atlas${'v1.'}${alnum(67)}`],
  ['pulumi-token', `pu${'l-'}${hex(40)}`],
  ['doppler-token', `dp.${'pt.'}${alnum(43)}`],
  ['tailscale-key', `ts${'key-'}auth-${alnum(12)}-${alnum(32)}`],
  ['onepassword-token', `ops_${'eyJ'}${alnum(400)}`],
  ['slack-token', `xo${'xb-'}${draw(digits, 12)}-${alnum(40)}`],
  ['slack-app-token', `xa${'pp-1-'}${capitals(11)}-${draw(digits, 12)}-${hex(64)}`],
  ['slack-webhook', `hooks.slack.com/${'services/'}T${capitals(9)}/B${capitals(9)}/${alnum(24)}`],
  ['discord-webhook', `discord.com/api/${'webhooks/'}${draw(digits, 18)}/${alnum(68)}`],
  [
    'teams-webhook',
    `https://corp.webhook.${'office.com'}/webhookb2/${hex(36)}@${hex(36)}/IncomingWebhook/${hex(32)}/`,
  ],
  ['telegram-token', `${draw(digits, 9)}:${'AA'}${alnum(33)}`],
  ['sendgrid-key', `S${'G.'}${alnum(22)}.${alnum(43)}`],
  ['mailgun-key', `ke${'y-'}${hex(32)}`],
  ['brevo-key', `xkey${'sib-'}${hex(64)}-${alnum(16)}`],
  ['stripe-key', `sk_${'live_'}${alnum(24)}`],
  ['stripe-test-key', `sk_${'test_'}${alnum(24)}`],
  ['stripe-webhook', `wh${'sec_'}${alnum(32)}`],
  ['shopify-token', `shp${'at_'}${hex(32)}`],
  ['square-token', `sq0${'atp-'}${alnum(22)}`],
  ['openai-key', `sk-${'proj-'}${alnum(40)}T3Blbk${'FJ'}${alnum(40)}`],
  ['anthropic-key', `sk-${'ant-'}api03-${alnum(95)}`],
  ['huggingface-token', `h${'f_'}${letters(34)}`],
  ['replicate-token', `r${'8_'}${alnum(37)}`],
  ['groq-key', `gs${'k_'}${alnum(52)}`],
  ['grafana-token', `gl${'sa_'}${alnum(32)}_${hex(8)}`],
  ['grafana-cloud-token', `glc_${'eyJ'}${alnum(120)}`],
  ['newrelic-key', `NR${'AK-'}${draw(upper + digits, 27)}`],
  ['sentry-token', `sntrys_${'eyJ'}${alnum(120)}`],
  ['dynatrace-token', `dt0${'c01.'}${draw(upper + digits, 24)}.${draw(upper + digits, 64)}`],
  ['postman-key', `PM${'AK-'}${hex(24)}-${hex(34)}`],
  ['linear-key', `lin_${'api_'}${alnum(40)}`],
  ['notion-token', `nt${'n_'}${alnum(46)}`],
  ['figma-token', `fi${'gd_'}${alnum(40)}`],
  ['mapbox-token', `sk.${'eyJ'}${alnum(80)}.${alnum(22)}`],
  ['aws-secret-key', `aws_secret_${'access_key'} = ${alnum(40)}\n`],
  ['aws-session-token', `AWS_SESSION_${'TOKEN'}="${alnum(300)}"`],
  ['azure-account-key', `Account${'Key'}=${alnum(86)}==;`],
  ['azure-shared-key', `SharedAccess${'Key'}=${alnum(43)}=`],
  ['cloudflare-token', `CLOUDFLARE_API_${'TOKEN'}=${alnum(40)}`],
  ['datadog-key', `DD_API_${'KEY'}=${hex(32)}`],
  ['twilio-token', `TWILIO_AUTH_${'TOKEN'}=${hex(32)}`],
  ['npmrc-password', `//registry.test/:_auth${'Token'}=${alnum(36)}`],
  ['kubeconfig-key', `client-key-${'data'}: ${alnum(800)}`],
  ['database-address', `postgres${'://'}app:${alnum(16)}@db.internal:5432/app`],
  ['web-address', `https${'://'}bot:${alnum(16)}@git.internal/x.git`],
  ['random-value', `client_${'secret'} = "${alnum(32)}"`],
  ['php-password', `define('DB_${'PASSWORD'}', '${alnum(12)}');`],
  ['jwt', `Bearer ${'eyJhbGciOi'}${alnum(26)}.eyJ${alnum(60)}.${alnum(43)}`],
  ['authorization-header', `Authorization${': '}Bearer ${alnum(40)}"`],
];

/** Rule, path and content of files that are identified by their names. */
export const fileSamples: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['netrc', 'root/.netrc', `machine git.internal login bot password ${alnum(9)}\n`],
  ['pgpass', 'root/.pgpass', `# hosts\ndb:5432:*:app:${alnum(9)}\n`],
  ['my-cnf', 'root/.my.cnf', `[client]\npassword = "${alnum(9)}"\n`],
  ['pypirc', 'root/.pypirc', `[pypi]\nusername = x\npassword = ${alnum(12)}\n`],
  ['htpasswd', 'etc/nginx/.htpasswd', `bob:$${'apr1'}$${alnum(8)}$${alnum(22)}\n`],
  ['kubeconfig-token', 'root/.kube/config', `users:\n- user:\n    token: ${alnum(40)}\n`],
  ['service-account-token', 'run/secrets/kubernetes.io/serviceaccount/token', alnum(400)],
  ['rails-key', 'app/config/master.key', hex(32)],
  ['maven-password', 'root/.m2/settings.xml', `<password>${alnum(10)}</password>`],
  ['history-password', 'root/.bash_history', `ls\nmysql -u root -p${alnum(10)} app\n`],
  ['history-password', 'root/.bash_history', `export DB_${'PASSWORD'}=${alnum(10)}\n`],
  ['shell-profile-password', 'root/.bashrc', `export API_${'TOKEN'}=${alnum(10)}\n`],
  ['service-account-file', 'root/.cargo/credentials.toml', `token = "${alnum(32)}"\n`],
  ['wpa-passphrase', 'etc/wpa_supplicant/wpa_supplicant.conf', `  psk="${alnum(12)}"\n`],
  ['vault-password-file', 'app/.vault_pass.txt', `${alnum(14)}\n`],
  ['settings-password', 'app/.env', `DB_${'PASSWORD'}=${alnum(10)}\n`],
  [
    'docker-auth',
    'root/.docker/config.json',
    JSON.stringify({
      auths: { 'registry.internal': { auth: Buffer.from(`bob:${alnum(9)}`).toString('base64') } },
    }),
  ],
];
