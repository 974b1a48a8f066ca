/**
 * The container registry of GitLab, a fork of Distribution with notification endpoints of its own.
 * Hooks of projects, groups and systems have no events of images, only of Git.
 */
import { readEnvelope } from './distribution-event.ts';
import type { Shape } from './notification.ts';

export const gitlab: Shape = readEnvelope;
