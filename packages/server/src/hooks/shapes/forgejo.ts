/** Forgejo. It also sends the headers of Gitea, GitHub and Gogs. */
import { readPackageEvent } from './gitea-package.ts';
import type { Shape } from './notification.ts';

export const forgejo: Shape = (request) => readPackageEvent(request, 'x-forgejo-delivery');
