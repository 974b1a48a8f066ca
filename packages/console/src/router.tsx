/** Routes. Filters are plain `name=value` query parameters. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';

import { consolePath } from './base-urls.ts';
import { readArrivalsSearch } from './pages/arrivals/filters.ts';
import { readAuditSearch } from './pages/audit/filters.ts';
import { readDecisionsSearch } from './pages/decisions/filters.ts';
import { readExceptionsSearch } from './pages/exceptions/search.ts';
import { readImageSearch } from './pages/image/search.ts';
import { readImagesSearch } from './pages/images/filters.ts';
import { readInspectionsSearch } from './pages/inspections/filters.ts';
import { readJobSearch } from './pages/jobs/filters.ts';
import { jobTabs } from './pages/job/tabs.ts';
import { readPoliciesSearch } from './pages/policies/filters.ts';
import { readPolicySearch } from './pages/policy/search.ts';
import { readQuarantineSearch } from './pages/quarantine/filters.ts';
import { readRegistrySearch } from './pages/registry/search.ts';
import { readCompareSearch } from './pages/compare/compare-search.ts';
import { readSearch } from './pages/search/search-query.ts';
import { RouteError, RouteNotFound } from './components/route-error.tsx';
import { Shell } from './shell.tsx';

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
}

const root = createRootRoute({
  component: Outlet,
  errorComponent: RouteError,
  notFoundComponent: RouteNotFound,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (raw: Record<string, unknown>): { to?: string } =>
    optional('to', text(raw['to'])),
  component: lazyRouteComponent(() => import('./pages/sign-in/sign-in-page.tsx'), 'SignInPage'),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('./pages/sign-in/setup-page.tsx'), 'SetupPage'),
});

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/overview/overview-page.tsx'), 'OverviewPage'),
});
const submit = createRoute({
  getParentRoute: () => shell,
  path: '/submit',
  validateSearch: (raw: Record<string, unknown>): { engine?: string } =>
    optional('engine', text(raw['engine'])),
  component: lazyRouteComponent(() => import('./pages/submit/submit-page.tsx'), 'SubmitPage'),
});
const jobList = createRoute({
  getParentRoute: () => shell,
  path: '/jobs',
  validateSearch: readJobSearch,
  component: lazyRouteComponent(() => import('./pages/jobs/jobs-page.tsx'), 'JobsPage'),
});
const job = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$id',
  validateSearch: (raw: Record<string, unknown>): { tab?: string } =>
    optional(
      'tab',
      jobTabs.find((tab) => tab === raw['tab']),
    ),
  component: lazyRouteComponent(() => import('./pages/job/job-page.tsx'), 'JobPage'),
});
const imageList = createRoute({
  getParentRoute: () => shell,
  path: '/images',
  validateSearch: readImagesSearch,
  component: lazyRouteComponent(() => import('./pages/images/images-page.tsx'), 'ImagesPage'),
});
const inspect = createRoute({
  getParentRoute: () => shell,
  path: '/images/inspect',
  validateSearch: (raw: Record<string, unknown>): { reference?: string } =>
    optional('reference', text(raw['reference'])),
  component: lazyRouteComponent(() => import('./pages/inspection/inspect-page.tsx'), 'InspectPage'),
});
const compare = createRoute({
  getParentRoute: () => shell,
  path: '/images/compare',
  validateSearch: readCompareSearch,
  component: lazyRouteComponent(() => import('./pages/compare/compare-page.tsx'), 'ComparePage'),
});
const image = createRoute({
  getParentRoute: () => shell,
  path: '/images/$digest',
  validateSearch: readImageSearch,
  component: lazyRouteComponent(() => import('./pages/image/image-page.tsx'), 'ImagePage'),
});
const inspectionList = createRoute({
  getParentRoute: () => shell,
  path: '/inspections',
  validateSearch: readInspectionsSearch,
  component: lazyRouteComponent(
    () => import('./pages/inspections/inspections-page.tsx'),
    'InspectionsPage',
  ),
});
const inspection = createRoute({
  getParentRoute: () => shell,
  path: '/inspections/$id',
  component: lazyRouteComponent(
    () => import('./pages/inspection/inspection-page.tsx'),
    'InspectionPage',
  ),
});
const arrivalList = createRoute({
  getParentRoute: () => shell,
  path: '/arrivals',
  validateSearch: readArrivalsSearch,
  component: lazyRouteComponent(() => import('./pages/arrivals/arrivals-page.tsx'), 'ArrivalsPage'),
});
const decisionList = createRoute({
  getParentRoute: () => shell,
  path: '/decisions',
  validateSearch: readDecisionsSearch,
  component: lazyRouteComponent(
    () => import('./pages/decisions/decisions-page.tsx'),
    'DecisionsPage',
  ),
});
const decision = createRoute({
  getParentRoute: () => shell,
  path: '/decisions/$id',
  component: lazyRouteComponent(() => import('./pages/decision/decision-page.tsx'), 'DecisionPage'),
});
const policyList = createRoute({
  getParentRoute: () => shell,
  path: '/policies',
  validateSearch: readPoliciesSearch,
  component: lazyRouteComponent(() => import('./pages/policies/policies-page.tsx'), 'PoliciesPage'),
});
/** No policy can have this name. */
const policyAdd = createRoute({
  getParentRoute: () => shell,
  path: '/policies/_new',
  validateSearch: (raw: Record<string, unknown>): { project?: string } =>
    optional('project', text(raw['project'])),
  component: lazyRouteComponent(
    () => import('./pages/policy/new-policy-page.tsx'),
    'NewPolicyPage',
  ),
});
const policy = createRoute({
  getParentRoute: () => shell,
  path: '/policies/$name',
  validateSearch: readPolicySearch,
  component: lazyRouteComponent(() => import('./pages/policy/policy-page.tsx'), 'PolicyPage'),
});
const exceptionList = createRoute({
  getParentRoute: () => shell,
  path: '/exceptions',
  validateSearch: readExceptionsSearch,
  component: lazyRouteComponent(
    () => import('./pages/exceptions/exceptions-page.tsx'),
    'ExceptionsPage',
  ),
});
const registryList = createRoute({
  getParentRoute: () => shell,
  path: '/registries',
  component: lazyRouteComponent(
    () => import('./pages/registries/registries-page.tsx'),
    'RegistriesPage',
  ),
});
const registry = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$name',
  validateSearch: readRegistrySearch,
  component: lazyRouteComponent(() => import('./pages/registry/registry-page.tsx'), 'RegistryPage'),
});
const quarantineList = createRoute({
  getParentRoute: () => shell,
  path: '/quarantine',
  validateSearch: readQuarantineSearch,
  component: lazyRouteComponent(
    () => import('./pages/quarantine/quarantine-page.tsx'),
    'QuarantinePage',
  ),
});
const quarantineItem = createRoute({
  getParentRoute: () => shell,
  path: '/quarantine/$id',
  component: lazyRouteComponent(
    () => import('./pages/quarantine/item-page.tsx'),
    'QuarantineItemPage',
  ),
});
const hooks = createRoute({
  getParentRoute: () => shell,
  path: '/hooks',
  component: lazyRouteComponent(() => import('./pages/hooks/hooks-page.tsx'), 'HooksPage'),
});
const notificationList = createRoute({
  getParentRoute: () => shell,
  path: '/notifications',
  component: lazyRouteComponent(
    () => import('./pages/notifications/notifications-page.tsx'),
    'NotificationsPage',
  ),
});
const file = createRoute({
  getParentRoute: () => shell,
  path: '/files/$sha256',
  component: lazyRouteComponent(() => import('./pages/file/file-page.tsx'), 'FilePage'),
});
const search = createRoute({
  getParentRoute: () => shell,
  path: '/search',
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import('./pages/search/search-page.tsx'), 'SearchPage'),
});
const engineList = createRoute({
  getParentRoute: () => shell,
  path: '/engines',
  component: lazyRouteComponent(() => import('./pages/engines/engines-page.tsx'), 'EnginesPage'),
});
const engineAdd = createRoute({
  getParentRoute: () => shell,
  path: '/engines/new',
  validateSearch: (raw: Record<string, unknown>): { from?: string } =>
    optional('from', text(raw['from'])),
  component: lazyRouteComponent(
    () => import('./pages/engine/add-engine-page.tsx'),
    'AddEnginePage',
  ),
});
const engine = createRoute({
  getParentRoute: () => shell,
  path: '/engines/$name',
  component: lazyRouteComponent(() => import('./pages/engine/engine-page.tsx'), 'EnginePage'),
});
const nodes = createRoute({
  getParentRoute: () => shell,
  path: '/nodes',
  component: lazyRouteComponent(() => import('./pages/nodes/nodes-page.tsx'), 'NodesPage'),
});
const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('./pages/audit/audit-page.tsx'), 'AuditPage'),
});
/** Any other path, with the navigation. */
const unknown = createRoute({
  getParentRoute: () => shell,
  path: '$',
  component: RouteNotFound,
});
const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings/settings-page.tsx'), 'SettingsPage'),
});
const settingsIndex = createRoute({
  getParentRoute: () => settings,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/settings/tokens', replace: true });
  },
});
const users = createRoute({
  getParentRoute: () => settings,
  path: '/users',
  component: lazyRouteComponent(() => import('./pages/settings/users-tab.tsx'), 'UsersTab'),
});
const projects = createRoute({
  getParentRoute: () => settings,
  path: '/projects',
  component: lazyRouteComponent(() => import('./pages/settings/projects-tab.tsx'), 'ProjectsTab'),
});
const scanners = createRoute({
  getParentRoute: () => settings,
  path: '/scanners',
  component: lazyRouteComponent(() => import('./pages/settings/scanners-tab.tsx'), 'ScannersTab'),
});
const tokens = createRoute({
  getParentRoute: () => settings,
  path: '/tokens',
  component: lazyRouteComponent(() => import('./pages/settings/tokens-tab.tsx'), 'TokensTab'),
});
const password = createRoute({
  getParentRoute: () => settings,
  path: '/password',
  component: lazyRouteComponent(() => import('./pages/settings/password-tab.tsx'), 'PasswordTab'),
});

const routeTree = root.addChildren([
  signIn,
  setup,
  shell.addChildren([
    overview,
    submit,
    jobList,
    job,
    imageList,
    inspect,
    compare,
    image,
    inspectionList,
    inspection,
    arrivalList,
    decisionList,
    decision,
    policyList,
    policyAdd,
    policy,
    exceptionList,
    registryList,
    registry,
    quarantineList,
    quarantineItem,
    hooks,
    notificationList,
    file,
    search,
    engineList,
    engineAdd,
    engine,
    nodes,
    audit,
    unknown,
    settings.addChildren([settingsIndex, users, projects, scanners, tokens, password]),
  ]),
]);

export const router = createRouter({
  routeTree,
  basepath: consolePath,
  defaultPreload: 'intent',
  // The navigation remains usable when a page throws.
  defaultErrorComponent: RouteError,
  // Digests keep their colon: `sha256:...`.
  pathParamsAllowedCharacters: [':'],
  scrollRestoration: true,
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const entries = Object.entries(search).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams(
      entries.map(([key, value]) => [key, String(value)]),
    ).toString();
    return query === '' ? '' : `?${query}`;
  },
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
