/** The shape of each kind of hook. */
import type { HookKind } from '@lazaret/protocol';

import { amazonEcr } from './amazon-ecr.ts';
import { azureAcr } from './azure-acr.ts';
import { distribution } from './distribution.ts';
import { dockerHub } from './docker-hub.ts';
import { forgejo } from './forgejo.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { googleArtifactRegistry } from './google-artifact-registry.ts';
import { harborCloudEvents } from './harbor-cloudevents.ts';
import { harbor } from './harbor.ts';
import { jfrog } from './jfrog.ts';
import { nexus } from './nexus.ts';
import type { Shape } from './notification.ts';
import { quay } from './quay.ts';
import { zot } from './zot.ts';

export const shapes: Readonly<Record<HookKind, Shape>> = {
  distribution,
  gitlab,
  'docker-hub': dockerHub,
  harbor,
  'harbor-cloudevents': harborCloudEvents,
  quay,
  gitea,
  forgejo,
  github,
  zot,
  'azure-acr': azureAcr,
  'amazon-ecr': amazonEcr,
  'google-artifact-registry': googleArtifactRegistry,
  jfrog,
  nexus,
};
