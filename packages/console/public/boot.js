// Runs before the first paint and before any module. A file of its own, since the policy of the
// page allows no inline script.
(() => {
  // zod would try out `new Function`, which the policy refuses and reports.
  globalThis.__zod_globalConfig = { jitless: true };
  let scheme = 'auto';
  try {
    scheme = localStorage.getItem('lazaret-color-scheme') ?? 'auto';
  } catch {
    // Storage may be forbidden; the scheme of the system is right then.
  }
  if (scheme !== 'light' && scheme !== 'dark') {
    scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
})();
