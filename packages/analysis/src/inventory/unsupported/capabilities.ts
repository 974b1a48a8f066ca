import type { Ecosystem, UnreadFile } from '../ecosystem.ts';
import { unreadDatabaseReader, unreadDatabases } from './unread-databases.ts';

const file = (pattern: string, example: string, reason: string): UnreadFile => ({
  ...{ pattern, example, reason },
});

export const unsupportedEcosystem: Ecosystem = {
  name: 'unsupported',
  title: 'Unsupported package managers',
  group: 'unsupported',
  readers: [
    {
      reader: unreadDatabaseReader,
      summary:
        `databases of ${[...unreadDatabases.values()].join(', ')}: reported as a gap, because ` +
        'their packages are not listed',
      files: [...unreadDatabases.keys()].map((path) => ({ pattern: path, example: path })),
      yields: {},
    },
  ],
  unread: [
    file('**/{Podfile.lock,Package.resolved}', 'srv/app/Podfile.lock', 'CocoaPods, Swift'),
    file('**/pubspec.lock', 'srv/app/pubspec.lock', 'Dart, Flutter'),
    file('**/{mix.lock,rebar.lock}', 'srv/app/mix.lock', 'Elixir, Erlang'),
    file('**/{stack.yaml.lock,cabal.project.freeze}', 'srv/app/stack.yaml.lock', 'Haskell'),
    file('**/{conan.lock,vcpkg.json}', 'srv/app/conan.lock', 'C and C++: Conan, vcpkg'),
    file('**/library/*/DESCRIPTION', 'usr/lib/R/library/Matrix/DESCRIPTION', 'packages of R'),
    file('**/.packlist', 'usr/lib/perl5/auto/JSON/.packlist', 'modules of Perl from CPAN'),
    file('**/*.rockspec', 'usr/share/lua/5.4/rocks/lpeg.rockspec', 'Lua'),
    file('**/*.opam', 'srv/app/app.opam', 'OCaml'),
    file('**/Manifest.toml', 'opt/julia/Manifest.toml', 'Julia'),
    file('**/INSTALL_RECEIPT.json', 'opt/Cellar/jq/1.7/INSTALL_RECEIPT.json', 'Homebrew'),
    file('**/meta/snap.yaml', 'snap/core/1/meta/snap.yaml', 'snaps'),
    file('**/.terraform.lock.hcl', 'srv/app/.terraform.lock.hcl', 'providers of Terraform'),
    file('**/.github/workflows/*.yml', 'srv/app/.github/workflows/ci.yml', 'GitHub Actions'),
    file('**/*.{gguf,safetensors}', 'models/llama.gguf', 'machine learning models'),
  ],
  gaps: [
    'Files that are only listed here are not reported as a gap in an inspection: nothing shows that ' +
      'their packages are missing.',
  ],
};
