import { executables } from '../binary/executables.ts';
import type { Ecosystem } from '../ecosystem.ts';
import { cargoLockReader, rustBinaryReader } from './rust-binary.ts';

const cargo = {
  purlTypes: ['cargo'],
  purl: 'pkg:cargo/<name>@<version>',
  details: ['dependsOn'],
} as const;

export const rustEcosystem: Ecosystem = {
  name: 'rust',
  title: 'Rust (Cargo)',
  group: 'language',
  readers: [
    {
      reader: rustBinaryReader,
      summary: 'crates of programs that were built with cargo-auditable',
      files: [{ pattern: '**/*', example: 'usr/local/bin/tool', content: executables }],
      yields: { packages: { ...cargo, foundBy: ['build-info'], states: ['installed'] } },
    },
    {
      reader: cargoLockReader,
      summary: 'lock files of Cargo',
      files: [{ pattern: '**/Cargo.lock', example: 'srv/app/Cargo.lock' }],
      yields: { packages: { ...cargo, foundBy: ['lock-file'], states: ['declared'] } },
    },
  ],
  unread: [
    {
      pattern: '**/Cargo.toml',
      example: 'srv/app/Cargo.toml',
      reason: 'requirements without resolved versions',
    },
    {
      pattern: '**/.crates2.json',
      example: 'opt/cargo/.crates2.json',
      reason: 'programs that `cargo install` installed',
    },
  ],
  gaps: [
    'Programs built without cargo-auditable list no crates, and this is not reported as a gap.',
    'Licences and checksums are not read.',
  ],
};
