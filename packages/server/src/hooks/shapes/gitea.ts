/** Gitea. It also sends the headers of GitHub and Gogs. */
import { readPackageEvent } from './gitea-package.ts';
import type { Shape } from './notification.ts';

export const gitea: Shape = (request) => readPackageEvent(request, 'x-gitea-delivery');
