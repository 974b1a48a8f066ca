/** Starts the gate of this process: the listener, its parts, and the report of its state. */
import type { SharedRates } from '@lazaret/analysis';

import type { Access } from '../access/index.ts';
import { Loop } from '../floor/loop.ts';
import type { SliceContext } from '../floor/slice.ts';
import type { ConnectionParts } from '../registries/index.ts';
import { AdmissionWebhook } from './admission/admission-webhook.ts';
import { ClientAuthentication } from './authenticate-client.ts';
import { Counters } from './counters.ts';
import { ManifestReader } from './fetch-manifest.ts';
import { startGateServer, type CertificateFiles, type GateServer } from './gate-server.ts';
import type { GateSettings } from './gate-settings.ts';
import { ImageJudge } from './judge-images.ts';
import { gateLimits } from './limits.ts';
import { PassedBlobs } from './passed-blobs.ts';
import { PullGate } from './pull-gate.ts';
import { AnswerRecorder } from './record-answers.ts';
import { GateReporter, ReportedHealth } from './report-gate.ts';
import { Upstreams } from './upstreams.ts';

export interface GateContext extends SliceContext {
  readonly access: Pick<Access, 'authenticate'>;
  readonly sharedRates: SharedRates;
  readonly connection: ConnectionParts;
  readonly gate: GateSettings;
  readonly listen: { readonly host: string; readonly port: number };
  readonly certificate: CertificateFiles | undefined;
}

export interface RunningGate {
  /** `127.0.0.1:5100` */
  readonly address: string;
  readonly loops: readonly Loop[];
  stop(): Promise<void>;
}

/** Resolves when it listens. Throws Problem. */
export async function startGate(context: GateContext): Promise<RunningGate> {
  const { gate: settings, clock, log } = context;
  const { monotonicMs, now } = clock;
  const { database } = context;
  const connection = { ...context.connection, sharedRates: context.sharedRates, now };
  const upstreams = new Upstreams({ ...connection, database, monotonicMs }, settings);
  const judge = new ImageJudge(context);
  const counters = new Counters();
  const recorder = new AnswerRecorder({ ...context, monotonicMs });
  const health = new ReportedHealth();
  const parts = {
    ...{ judge, counters, recorder, health, settings, log, monotonicMs, database, upstreams },
    manifests: new ManifestReader(),
    passed: new PassedBlobs({ database, monotonicMs }),
    clients: new ClientAuthentication({ access: context.access, settings, monotonicMs }),
  };
  const pulls = new PullGate(parts);
  const webhook = new AdmissionWebhook(parts);
  const server = await startGateServer({
    ...{ ...context.listen, certificate: context.certificate, log },
    handle: async (request, response, url) => {
      if (url.pathname === '/healthz') response.end('ok\n');
      else if (isReview(url)) await webhook.handle(request, response, url);
      else await pulls.handle(request, response, url);
    },
  });
  const { address } = server;
  const tls = context.certificate !== undefined;
  const waiting = (): number => judge.waiting;
  const reporter = new GateReporter(
    { database, settings, counters, recorder, waiting, address, tls, now },
    health,
  );
  return run({ server, reporter, upstreams }, context);
}

function isReview({ pathname }: URL): boolean {
  return pathname === '/admission' || pathname.startsWith('/admission/');
}

function run(
  parts: {
    readonly server: GateServer;
    readonly reporter: GateReporter;
    readonly upstreams: Upstreams;
  },
  { log }: GateContext,
): RunningGate {
  const { server, reporter, upstreams } = parts;
  const stopped = new AbortController();
  const { signal } = stopped;
  const loop = new Loop({ name: 'gate', periodMs: gateLimits.reportMs, log, signal });
  const running = loop.run(async () => {
    server.renewCertificate();
    await reporter.report();
  });
  return {
    address: server.address,
    loops: [loop],
    async stop() {
      await server.close();
      stopped.abort();
      await running;
      await upstreams.close();
      await reporter.stop().catch((error: unknown) => {
        log.warn({ err: error }, 'the end of the gate was not recorded');
      });
    },
  };
}
