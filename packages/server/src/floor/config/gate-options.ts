/** Options of the role gate: the pull endpoint and the admission webhook. */
import {
  durationSeconds,
  limits,
  projectName,
  registryHost,
  registryName,
} from '@lazaret/protocol';
import { z } from 'zod';

import { flag, listenAddress, listOf, option, type Option } from './option.ts';

export const gateOptions = {
  gateListen: option({
    schema: z.union([z.literal(''), listenAddress]),
    fallback: '',
    summary: 'Address of the pull gate, such as 0.0.0.0:5100; without it there is no gate',
  }),
  gateCert: option({
    schema: z.string(),
    fallback: '',
    summary: 'File with the certificate chain of the gate (PEM); read again when it changes',
  }),
  gateKey: option({
    schema: z.string(),
    fallback: '',
    summary: 'File with the key of that certificate (PEM)',
  }),
  gateNames: option({
    schema: listOf(registryHost),
    fallback: [],
    summary: 'Hosts (HOST:PORT) under which clients reach the gate, for references in workloads',
  }),
  gateProject: option({
    schema: projectName,
    fallback: 'default',
    summary: 'Project whose registries the gate serves',
  }),
  gateRegistry: option({
    schema: z.union([z.literal(''), registryName]),
    fallback: '',
    summary: 'Registry that the gate serves under unchanged names; by default GATE/REGISTRY/NAME',
  }),
  gateAnonymous: option({
    schema: flag,
    fallback: false,
    summary: 'Allow pulls through the gate without a token',
  }),
  gateUndecided: option({
    schema: z.enum(['hold', 'allow']),
    fallback: 'hold',
    summary: 'Images that are not decided when `gateWait` is over: hold (refuse) or allow',
  }),
  gateUnavailable: option({
    schema: z.enum(['deny', 'allow']),
    fallback: 'deny',
    summary: 'While decisions cannot be read: deny (fail closed) or allow (fail open) pulls',
  }),
  gateWait: option({
    schema: durationSeconds(0, limits.gateWaitMsMax),
    fallback: limits.gateWaitSecondsDefault,
    summary: 'How long a pull waits for the inspection of an unknown image, in seconds or as 2m',
  }),
  gateRedirects: option({
    schema: z.enum(['follow', 'pass']),
    fallback: 'follow',
    summary: 'Redirects of a registry to its storage: follow them, or pass them on to clients',
  }),
  gateCatalog: option({
    schema: flag,
    fallback: false,
    summary: 'Whether the gate passes on the list of repositories (`_catalog`)',
  }),
  admissionUnknown: option({
    schema: z.enum(['deny', 'warn', 'allow']),
    fallback: 'deny',
    summary: 'Workloads with images of other registries, or that cannot be found',
  }),
  admissionWait: option({
    schema: durationSeconds(0, limits.admissionWaitMsMax),
    fallback: limits.admissionWaitSecondsDefault,
    summary: 'How long the admission webhook waits for inspections, in seconds',
  }),
} as const satisfies Record<string, Option>;
