/** Access: authentication and permissions; users, projects, sessions, tokens. */
export { createAccess, type Access, type AccessOptions } from './access.ts';
export { accessRoutes } from './routes.ts';
export { listProjectNames, requireProject } from './projects.ts';
export { accessSlice, type AccessSlice } from './slice.ts';
export { noSuchProject } from './store.ts';
export { addressPlace } from './throttle.ts';
