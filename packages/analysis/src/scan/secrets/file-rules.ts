/** Files with a known format, read line by line. */
import type { Severity } from '@lazaret/protocol';

import { isPlaceholder } from './judge-value.ts';

export interface FileRule {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** Pattern of the path. */
  readonly path: RegExp;
  /** Matched at each line, at most `fileRuleLineChars` of it; the group `secret` is masked. */
  readonly line: RegExp;
  readonly judge?: (secret: string) => Severity | undefined;
}

export const fileRuleLineChars = 2_000;

const real = (severity: Severity) => (secret: string) =>
  isPlaceholder(secret) || secret.startsWith('$') ? undefined : severity;

export const fileRules: readonly FileRule[] = [
  {
    id: 'netrc',
    title: 'Password in .netrc',
    severity: 'high',
    path: /(?:^|\/)[._]netrc$/,
    line: /(?:^|\s)password\s{1,8}(?<secret>\S{1,200})/,
    judge: real('high'),
  },
  {
    id: 'pgpass',
    title: 'Password in .pgpass',
    severity: 'high',
    path: /(?:^|\/)(?:\.pgpass|pgpass\.conf)$/,
    line: /^[^#:\s][^:]{0,200}:(?:\d{1,5}|\*):[^:]{1,100}:[^:]{1,100}:(?<secret>.{1,200})$/,
    judge: real('high'),
  },
  {
    id: 'my-cnf',
    title: 'Password in a MySQL options file',
    severity: 'high',
    path: /(?:^|\/)(?:\.my\.cnf|\.mylogin\.cnf|debian\.cnf)$/,
    line: /^\s{0,20}password\s{0,8}=\s{0,8}["']?(?<secret>[^\s"'#]{1,200})/,
    judge: real('high'),
  },
  {
    id: 'pypirc',
    title: 'Password in .pypirc',
    severity: 'high',
    path: /(?:^|\/)\.pypirc$/,
    line: /^\s{0,20}password\s{0,8}[=:]\s{0,8}(?<secret>\S{4,200})/,
    judge: real('high'),
  },
  {
    id: 'htpasswd',
    title: 'Password hash of a web server',
    severity: 'low',
    path: /(?:^|\/)\.?ht(?:passwd|digest)[^/]*$|\.htpasswd$/,
    line: /^[^:#\s]{1,100}:(?<secret>\$(?:apr1|2[aby]|5|6)\$\S{20,120}|\{SHA\}\S{28}|[A-Za-z0-9./]{13})$/,
  },
  {
    id: 'kubeconfig-token',
    title: 'Token of a kubeconfig',
    severity: 'high',
    path: /(?:^|\/)(?:\.kube\/[^/]+|kubeconfig[^/]*|[^/]*\.kubeconfig|admin\.conf|kubelet\.conf)$/,
    line: /^\s{0,40}(?:token|password): {1,4}["']?(?<secret>[\w.~+/=-]{8,2000})/,
    judge: real('high'),
  },
  {
    id: 'service-account-token',
    title: 'Token of a Kubernetes service account',
    severity: 'high',
    path: /(?:^|\/)secrets\/kubernetes\.io\/serviceaccount\/token$/,
    line: /^(?<secret>\S{20,2000})/,
  },
  {
    id: 'rails-key',
    title: 'Master key of a Rails program',
    severity: 'high',
    path: /(?:^|\/)config\/(?:master\.key|credentials\/[^/]{1,60}\.key)$/,
    line: /^(?<secret>[0-9a-f]{32})$/,
  },
  {
    id: 'maven-password',
    title: 'Password in the settings of Maven',
    severity: 'high',
    path: /(?:^|\/)\.m2\/settings(?:-security)?\.xml$/,
    line: /<(?:password|master|passphrase)>(?<secret>[^<${}]{3,200})</,
    judge: real('high'),
  },
  {
    id: 'history-password',
    title: 'Password in the history of a shell',
    severity: 'high',
    path: /(?:^|\/)\.(?:bash|zsh|sh|ash|mysql|psql|python|node_repl)_history$/,
    line: /(?:sshpass\s{1,4}-p\s{0,4}|(?:mysql|mysqldump|mariadb)\s.{0,200}?\s-p|--password[= ]|\b[A-Z_]{0,40}(?:PASSWORD|PASSWD|SECRET|TOKEN|API_KEY)=|curl\s.{0,200}?-u\s{0,4}["']?[^\s:"']{1,64}:|IDENTIFIED BY |PASSWORD )["']?(?<secret>[^\s"';|&$]{4,200})/,
    judge: real('high'),
  },
  {
    id: 'shell-profile-password',
    title: 'Password in the environment of a shell',
    severity: 'medium',
    path: /(?:^|\/)(?:\.(?:bashrc|bash_profile|profile|zshrc|zshenv)|etc\/environment|etc\/profile)$/,
    line: /^\s{0,20}(?:export\s{1,4})?[A-Z0-9_]{0,40}(?:PASSWORD|PASSWD|SECRET|TOKEN|API_KEY)=["']?(?<secret>[^\s"'$`]{6,200})/,
    judge: real('medium'),
  },
  {
    id: 'service-account-file',
    title: 'Credentials of a package or container tool',
    severity: 'high',
    path: /(?:^|\/)(?:\.gem\/credentials|\.cargo\/credentials(?:\.toml)?|\.composer\/auth\.json|auth\.json|\.config\/gh\/hosts\.yml|\.s3cfg|\.boto|rclone\.conf|\.terraform\.d\/credentials\.tfrc\.json)$/,
    line: /["']?:?(?:token|oauth_token|secret_key|gs_oauth2_refresh_token|rubygems_api_key|github\.com|pass)["']?\s{0,4}[:=]\s{0,4}["']?(?<secret>[\w+/=.-]{16,300})/,
    judge: real('high'),
  },
  {
    id: 'wpa-passphrase',
    title: 'Passphrase of a wireless network',
    severity: 'medium',
    path: /(?:^|\/)(?:wpa_supplicant[^/]*\.conf|[^/]*\.nmconnection)$/,
    line: /^\s{0,20}psk\s{0,4}=\s{0,4}["']?(?<secret>[^"'\s]{8,64})/,
    judge: real('medium'),
  },
  {
    id: 'vault-password-file',
    title: 'Password of Ansible Vault',
    severity: 'high',
    path: /(?:^|\/)\.?vault[-_]pass(?:word)?(?:\.txt)?$/,
    line: /^(?<secret>\S{6,200})$/,
    judge: real('high'),
  },
];
