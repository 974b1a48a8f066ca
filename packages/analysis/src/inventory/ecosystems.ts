/**
 * Every ecosystem of the inventory. To add one, add its folder and its line here; the order is that
 * in which readers read a file, which decides the order of packages in a report.
 */
import { accountsEcosystem } from './accounts/capabilities.ts';
import { apkEcosystem } from './apk/capabilities.ts';
import { condaEcosystem } from './conda/capabilities.ts';
import { distributionEcosystem } from './distribution/capabilities.ts';
import { dotnetEcosystem } from './dotnet/capabilities.ts';
import { dpkgEcosystem } from './dpkg/capabilities.ts';
import type { Ecosystem } from './ecosystem.ts';
import { goEcosystem } from './go/capabilities.ts';
import { javaEcosystem } from './java/capabilities.ts';
import { nixEcosystem } from './nix/capabilities.ts';
import { npmEcosystem } from './npm/capabilities.ts';
import { pacmanEcosystem } from './pacman/capabilities.ts';
import { phpEcosystem } from './php/capabilities.ts';
import { portageEcosystem } from './portage/capabilities.ts';
import { programsEcosystem } from './programs/capabilities.ts';
import { pythonEcosystem } from './python/capabilities.ts';
import type { Reader } from './reader.ts';
import { rpmEcosystem } from './rpm/capabilities.ts';
import { rubyEcosystem } from './ruby/capabilities.ts';
import { rustEcosystem } from './rust/capabilities.ts';
import { sbomEcosystem } from './sbom/capabilities.ts';
import { slackwareEcosystem } from './slackware/capabilities.ts';
import { unsupportedEcosystem } from './unsupported/capabilities.ts';
import { vendorEcosystem } from './vendor/capabilities.ts';

export const ecosystems: readonly Ecosystem[] = [
  distributionEcosystem,
  dpkgEcosystem,
  apkEcosystem,
  rpmEcosystem,
  pacmanEcosystem,
  portageEcosystem,
  slackwareEcosystem,
  nixEcosystem,
  vendorEcosystem,
  unsupportedEcosystem,
  accountsEcosystem,
  npmEcosystem,
  pythonEcosystem,
  rubyEcosystem,
  phpEcosystem,
  condaEcosystem,
  sbomEcosystem,
  goEcosystem,
  rustEcosystem,
  javaEcosystem,
  dotnetEcosystem,
  programsEcosystem,
];

/** Every reader, in the order in which they read a file. */
export const allReaders: readonly Reader[] = readersOf(ecosystems);

/** The readers of some ecosystems, in order. */
export function readersOf(some: readonly Pick<Ecosystem, 'readers'>[]): readonly Reader[] {
  return some.flatMap(({ readers }) => readers.map(({ reader }) => reader));
}
