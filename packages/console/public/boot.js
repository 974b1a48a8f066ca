// Runs before the first paint and before any module. A separate file, since the policy of the
// page allows no inline script.
(() => {
  // zod would try `new Function`, which the policy refuses and reports.
  globalThis.__zod_globalConfig = { jitless: true };
  let scheme = 'auto';
  try {
    scheme = localStorage.getItem('lazaret-color-scheme') ?? 'auto';
  } catch {
    // Storage may be unavailable; then the scheme of the system is used.
  }
  if (scheme !== 'light' && scheme !== 'dark') {
    scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
})();
