/**
 * `node bench/accuracy/bench.ts [root...]`: measures recall and precision of the inventory. Images
 * are assembled from packages of several systems; the ground truth is the list of their package
 * managers. Every root is inspected as three images (layers, compression and form differ), which
 * have to give the same answer. Malware: all test files of ClamAV must be found, and nothing in
 * clean roots. Needs root, a network for what is not yet made, and minutes. Only the named roots
 * are measured again; the other results in RESULTS.md are kept.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';

import type { InspectionReport } from '@lazaret/protocol';

import { inspectImage } from '../../packages/analysis/src/index.ts';
import type { GivenScannerSettings } from '../../packages/analysis/src/index.ts';
import { eicarTestFile } from '../../packages/analysis/src/scan/clamav/self-test.ts';
import { startClamd } from '../../packages/analysis/src/testing/clamd.ts';
import { ensurePackages } from '@lazaret/setup';
import { score } from './compare.ts';
import type { Found } from './compare.ts';
import { findTestFiles, teachTestFiles } from './malware.ts';
import type { TestFileResult } from './malware.ts';
import { findPeers } from './peers.ts';
import { packageIdOf } from './purl.ts';
import { describeCorpus, describeResults, describeTestFiles } from './results.ts';
import type { CorpusResult, ImageResult } from './results.ts';
import { openCorpora } from './roots.ts';
import type { Corpus } from './roots.ts';
import { removedPackage, writeImage } from './write-image.ts';
import type { ImagePlan } from './write-image.ts';

const resultsFile = new URL('RESULTS.md', import.meta.url);
const needed = [
  ...['mmdebstrap', 'rpm', 'golang-go', 'binutils', 'unzip', 'clamav-daemon', 'clamav-testfiles'],
];

/** A runtime of Java has files that clamd's own limits would cut. */
const roomy = {
  StreamMaxLength: '512M',
  MaxFileSize: '512M',
  MaxScanSize: '1000M',
  MaxFiles: '200000',
};

const plans: readonly ImagePlan[] = [
  { shape: 'oci-layout', layers: 4, compression: 'gzip' },
  { shape: 'docker-archive', layers: 1, compression: 'none' },
  { shape: 'oci-archive', layers: 11, compression: 'zstd' },
];

await ensurePackages(needed, { log: say });
const clamd = await startClamd({
  config: roomy,
  database: { number: 1, atMs: Date.now(), signatures: { 'Test.Eicar': eicarTestFile() } },
});
try {
  await teachTestFiles(clamd);
  const results: CorpusResult[] = [];
  for await (const corpus of openCorpora(process.argv.slice(2))) {
    const result = await measure(corpus, { clamd: clamd.socketPath });
    process.stdout.write(`${describeCorpus(result).join('\n')}\n`);
    results.push(result);
  }
  const testFiles = await malware({ clamd: clamd.socketPath });
  process.stdout.write(describeTestFiles(testFiles).join('\n'));
  const before = await readFile(resultsFile, 'utf8').catch(() => '');
  await writeFile(resultsFile, describeResults(results, { testFiles, machine: machine(), before }));
} finally {
  await clamd.stop();
}

/** One root as several images; scanners only examine the first of them. */
async function measure(corpus: Corpus, scanners: GivenScannerSettings): Promise<CorpusResult> {
  const images: ImageResult[] = [];
  for (const [at, plan] of plans.entries()) {
    say(`${corpus.name}: ${plan.shape}, ${plan.layers} layers, ${plan.compression}`);
    const choice = at === 0 ? { ...scanners, secrets: true } : {};
    images.push(await inScratch((place) => examine(corpus, { plan, place, choice })));
  }
  return { corpus, images };
}

async function examine(
  corpus: Corpus,
  { plan, place, choice }: { plan: ImagePlan; place: string; choice: GivenScannerSettings },
): Promise<ImageResult> {
  const reference = await writeImage(corpus.root, plan, place);
  const report = await inspectOne(reference, choice);
  const found = report.packages.flatMap((each): Found[] => {
    const id = packageIdOf(each.purl);
    const isThere = each.state === 'installed' && each.hiddenBy === undefined;
    const counts = isThere && each.foundBy !== 'claim';
    return id === undefined || !counts ? [] : [{ ...id, place: each.path }];
  });
  const peers: ImageResult['peers'][number][] = [];
  for (const peer of findPeers(process.env)) {
    try {
      const list = await peer.list(reference, place);
      peers.push({ name: peer.name, scores: score(corpus.truths, list) });
    } catch (error) {
      peers.push({ name: peer.name, scores: [], problem: String(error).slice(0, 300) });
    }
  }
  const removed = report.packages.filter(({ name }) => name === removedPackage.name);
  const isHidden = removed.length === 1 && removed[0]?.hiddenBy !== undefined;
  const removal = plan.layers === 1 ? removed.length === 0 : isHidden;
  return { plan, report, scores: score(corpus.truths, found), peers, isRemovalReported: removal };
}

async function malware(scanners: GivenScannerSettings): Promise<TestFileResult[]> {
  say('test files of ClamAV');
  return inScratch(async (place) =>
    findTestFiles(place, (reference) => inspectOne(reference, scanners)),
  );
}

async function inspectOne(
  reference: string,
  scanners: GivenScannerSettings,
): Promise<InspectionReport> {
  const none = { plainHttp: [], skipVerify: [], caFiles: [], foreign: [] };
  const registry = { ...none, mirrors: {}, proxy: undefined };
  const [report] = await inspectImage(
    { reference, platform: 'default', offline: true, files: false, scanners, registry },
    { toolVersion: '0', now: Date.now },
  );
  if (report === undefined) throw new Error(`no report on ${reference}`);
  return report;
}

async function inScratch<T>(use: (place: string) => Promise<T>): Promise<T> {
  const place = await mkdtemp(join(tmpdir(), 'lazaret-accuracy-image-'));
  try {
    return await use(place);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

function machine(): string {
  const all = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const system = `Linux ${release()}, Node ${process.versions.node}`;
  return `${all.length} cores (${all[0]?.model.trim()}), ${memory}, ${system}`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
