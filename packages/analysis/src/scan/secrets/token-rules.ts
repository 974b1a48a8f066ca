/** Tokens with a format that only their issuer uses, so that the format alone identifies them. */
import type { Severity } from '@lazaret/protocol';

import type { SecretRule } from './secret-rule.ts';

type Row = readonly [
  id: string,
  title: string,
  severity: Severity,
  anchors: readonly string[],
  /** The pattern after the anchor. */
  rest: string,
];

const rows: readonly Row[] = [
  // source code and packages
  [
    'github-token',
    'GitHub token',
    'high',
    ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    '[A-Za-z0-9]{36}',
  ],
  [
    'github-fine-grained',
    'GitHub token',
    'high',
    ['github_pat_'],
    '[A-Za-z0-9]{22}_[A-Za-z0-9]{59}',
  ],
  ['gitlab-token', 'GitLab token', 'high', ['glpat-', 'gldt-', 'glptt-', 'glft-'], '[\\w-]{20,64}'],
  ['gitlab-runner', 'GitLab runner token', 'high', ['glrt-', 'GR1348941'], '[\\w-]{20,64}'],
  ['gitlab-agent', 'GitLab agent token', 'high', ['glagent-', 'gloas-', 'glcbt-'], '[\\w-]{20,64}'],
  ['bitbucket-token', 'Bitbucket token', 'high', ['ATBB'], '[A-Za-z0-9]{28}[A-F0-9]{8}'],
  ['atlassian-token', 'Atlassian token', 'high', ['ATATT3xFfGF0'], '[\\w-]{60,250}=[A-F0-9]{8}'],
  ['npm-token', 'npm token', 'high', ['npm_'], '[A-Za-z0-9]{36}'],
  ['pypi-token', 'PyPI token', 'high', ['pypi-AgEIcHlwaS5vcmc'], '[\\w-]{50,250}'],
  ['rubygems-token', 'RubyGems key', 'high', ['rubygems_'], '[0-9a-f]{48}'],
  ['nuget-key', 'NuGet key', 'medium', ['oy2'], '[a-z0-9]{43}'],
  ['clojars-token', 'Clojars token', 'high', ['CLOJARS_'], '[0-9a-z]{60}'],
  ['dockerhub-token', 'Docker Hub token', 'high', ['dckr_pat_', 'dckr_oat_'], '[\\w-]{27,40}'],
  ['jfrog-key', 'JFrog key', 'high', ['AKCp'], '[A-Za-z0-9]{69}'],
  ['circleci-token', 'CircleCI token', 'high', ['CCIPAT_'], '[A-Za-z0-9]{22}_[0-9a-f]{40}'],
  ['buildkite-token', 'Buildkite token', 'high', ['bkua_'], '[0-9a-f]{40}'],
  // clouds
  ['aws-access-key', 'AWS access key id', 'high', ['AKIA', 'ASIA'], '[A-Z2-7]{16}'],
  ['gcp-api-key', 'Google API key', 'medium', ['AIza'], '[\\w-]{35}'],
  ['gcp-client-secret', 'Google OAuth client secret', 'high', ['GOCSPX-'], '[\\w-]{28}'],
  ['gcp-access-token', 'Google access token', 'medium', ['ya29.'], '[\\w-]{40,400}'],
  ['azure-client-secret', 'Entra client secret', 'high', ['8Q~'], '[\\w~.-]{31,34}'],
  [
    'digitalocean-token',
    'DigitalOcean token',
    'high',
    ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    '[0-9a-f]{64}',
  ],
  ['heroku-key', 'Heroku key', 'high', ['HRKU-'], '[\\w-]{36,80}'],
  ['flyio-token', 'Fly.io token', 'high', ['fm2_', 'fo1_'], '[\\w+/=-]{43,600}'],
  ['netlify-token', 'Netlify token', 'high', ['nfp_'], '[A-Za-z0-9]{36}'],
  ['supabase-token', 'Supabase token', 'high', ['sbp_'], '[0-9a-f]{40}'],
  [
    'planetscale-token',
    'PlanetScale token',
    'high',
    ['pscale_tkn_', 'pscale_pw_'],
    '[\\w.-]{32,64}',
  ],
  ['databricks-token', 'Databricks token', 'high', ['dapi'], '[0-9a-f]{32}'],
  ['vault-token', 'Vault token', 'high', ['hvs.', 'hvb.'], '[\\w-]{24,300}'],
  ['terraform-token', 'Terraform Cloud token', 'high', ['.atlasv1.'], '[\\w-]{60,70}'],
  ['pulumi-token', 'Pulumi token', 'high', ['pul-'], '[0-9a-f]{40}'],
  ['doppler-token', 'Doppler token', 'high', ['dp.pt.', 'dp.st.'], '[A-Za-z0-9_.]{40,60}'],
  [
    'tailscale-key',
    'Tailscale key',
    'high',
    ['tskey-'],
    '(?:auth|api|client)-[A-Za-z0-9]{8,30}-[A-Za-z0-9]{16,50}',
  ],
  ['onepassword-token', '1Password service token', 'high', ['ops_eyJ'], '[\\w+/=-]{200,2000}'],
  // talk
  [
    'slack-token',
    'Slack token',
    'high',
    ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-'],
    '[0-9]{8,14}-[\\w-]{12,120}',
  ],
  [
    'slack-app-token',
    'Slack app token',
    'high',
    ['xapp-1-'],
    '[A-Z0-9]{8,14}-[0-9]{8,14}-[0-9a-f]{64}',
  ],
  [
    'slack-webhook',
    'Slack webhook',
    'medium',
    ['hooks.slack.com/services/'],
    'T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24}',
  ],
  [
    'discord-webhook',
    'Discord webhook',
    'medium',
    ['discord.com/api/webhooks/'],
    '[0-9]{17,20}/[\\w-]{60,72}',
  ],
  [
    'teams-webhook',
    'Teams webhook',
    'medium',
    ['.webhook.office.com/webhookb2/'],
    '[0-9a-f-]{36}@[0-9a-f-]{36}/IncomingWebhook/[0-9a-f]{32}/',
  ],
  ['telegram-token', 'Telegram bot token', 'high', [':AA'], '[\\w-]{33}'],
  ['sendgrid-key', 'SendGrid key', 'high', ['SG.'], '[\\w-]{22}\\.[\\w-]{43}'],
  ['mailgun-key', 'Mailgun key', 'medium', ['key-'], '[0-9a-f]{32}'],
  ['brevo-key', 'Brevo key', 'high', ['xkeysib-'], '[0-9a-f]{64}-[A-Za-z0-9]{16}'],
  // money and trade
  ['stripe-key', 'Stripe key', 'high', ['sk_live_', 'rk_live_'], '[A-Za-z0-9]{24,120}'],
  ['stripe-test-key', 'Stripe test key', 'low', ['sk_test_', 'rk_test_'], '[A-Za-z0-9]{24,120}'],
  ['stripe-webhook', 'Stripe webhook secret', 'medium', ['whsec_'], '[A-Za-z0-9+/]{32,64}'],
  [
    'shopify-token',
    'Shopify token',
    'high',
    ['shpat_', 'shpss_', 'shpca_', 'shppa_'],
    '[0-9a-fA-F]{32}',
  ],
  ['square-token', 'Square token', 'high', ['sq0atp-', 'sq0csp-'], '[\\w-]{22,43}'],
  // models
  [
    'openai-key',
    'OpenAI key',
    'high',
    ['sk-proj-', 'sk-svcacct-', 'sk-admin-'],
    '[\\w-]{20,90}T3BlbkFJ[\\w-]{20,90}',
  ],
  [
    'anthropic-key',
    'Anthropic key',
    'high',
    ['sk-ant-'],
    '(?:api|admin|sid)[0-9]{2}-[\\w-]{80,120}',
  ],
  ['huggingface-token', 'Hugging Face token', 'high', ['hf_'], '[A-Za-z]{34}'],
  ['replicate-token', 'Replicate token', 'high', ['r8_'], '[A-Za-z0-9]{37}'],
  ['groq-key', 'Groq key', 'high', ['gsk_'], '[A-Za-z0-9]{52}'],
  // watching and working
  ['grafana-token', 'Grafana token', 'high', ['glsa_'], '[A-Za-z0-9]{32}_[0-9a-f]{8}'],
  ['grafana-cloud-token', 'Grafana Cloud token', 'high', ['glc_eyJ'], '[A-Za-z0-9+/=]{40,400}'],
  ['newrelic-key', 'New Relic key', 'high', ['NRAK-'], '[A-Z0-9]{27}'],
  ['sentry-token', 'Sentry token', 'high', ['sntrys_eyJ', 'sntryu_'], '[\\w+/=-]{60,400}'],
  ['dynatrace-token', 'Dynatrace token', 'high', ['dt0c01.'], '[A-Z0-9]{24}\\.[A-Z0-9]{64}'],
  ['postman-key', 'Postman key', 'high', ['PMAK-'], '[0-9a-f]{24}-[0-9a-f]{34}'],
  ['linear-key', 'Linear key', 'high', ['lin_api_'], '[A-Za-z0-9]{40}'],
  ['notion-token', 'Notion token', 'high', ['ntn_'], '[A-Za-z0-9]{46}'],
  ['figma-token', 'Figma token', 'high', ['figd_'], '[\\w-]{40}'],
  ['mapbox-token', 'Mapbox secret token', 'high', ['sk.eyJ'], '[\\w-]{40,200}\\.[\\w-]{22}'],
];

/** The pattern directly before the anchor, if the token does not begin with it. */
const lead: Readonly<Record<string, string>> = {
  'azure-client-secret': '(?<=[\\w~.]{3})',
  'telegram-token': '(?<=(?:^|[^0-9])[0-9]{8,10})',
  'terraform-token': '(?<=(?:^|[^A-Za-z0-9])[A-Za-z0-9]{14})',
  'teams-webhook': '(?<=https://[a-z0-9-]{1,60})',
};

/** Kinds of token whose format is too short to be certain in the bytes of a program. */
const textOnly: ReadonlySet<string> = new Set([
  ...['nuget-key', 'mailgun-key', 'telegram-token', 'azure-client-secret', 'jfrog-key'],
  ...['bitbucket-token', 'databricks-token', 'pulumi-token', 'replicate-token', 'gcp-api-key'],
  ...['huggingface-token', 'npm-token', 'flyio-token', 'vault-token', 'doppler-token'],
]);

/** Tokens of more than 300 characters. */
const longTokens: ReadonlySet<string> = new Set([
  ...[
    'onepassword-token',
    'flyio-token',
    'gcp-access-token',
    'sentry-token',
    'grafana-cloud-token',
  ],
]);

export const tokenRules: readonly SecretRule[] = rows.map(
  ([id, title, severity, anchors, rest]) => {
    const heads = anchors.map((anchor) => anchor.replaceAll('.', '\\.')).join('|');
    const before = lead[id] ?? '';
    return {
      id,
      title,
      severity,
      anchors,
      pattern: new RegExp(`${before}(?:${heads})(?:${rest})(?![A-Za-z0-9_])`, 'y'),
      ...(longTokens.has(id) && { reach: 2_200 }),
      binary: !textOnly.has(id),
      inWord: before !== '',
      judge: ({ secret }) => (isVaried(secret) ? severity : undefined),
    };
  },
);

/** Random tokens repeat few characters; names, masks and runs of one letter are not tokens. */
function isVaried(secret: string): boolean {
  const tail = secret.slice(-24);
  return new Set(tail).size >= 8 && (/\d/.test(secret) || secret.startsWith('hf_'));
}
