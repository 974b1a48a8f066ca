/** The sender of each kind of target. */
import type { TargetKind } from '@lazaret/protocol';

import { openEmail } from './send-email.ts';
import { openFile } from './write-files.ts';
import { openWebhook } from './send-webhook.ts';
import type { Sender, SendParts } from './sender.ts';
import type { Target } from './target-store.ts';

const openers: Readonly<Record<TargetKind, (target: Target, parts: SendParts) => Sender>> = {
  webhook: openWebhook,
  email: openEmail,
  file: openFile,
};

export function openSender(target: Target, parts: SendParts): Sender {
  return openers[target.kind](target, parts);
}
