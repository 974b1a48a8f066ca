/** The style of the documentation's pages, in the console's colours. */
export const docsStyle = `
:root { color-scheme: light dark; --ink: #0d2228; --dim: #4e6569; --page: #eff4f3; --panel: #fff;
  --line: #d7e2e2; --link: #0c585d; --code: #f5f9f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e0ebeb; --dim: #97afb1; --page: #0a171b;
  --panel: #102227; --line: #1f363c; --link: #7fd0cb; --code: #0c1c20; } }
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 230px minmax(0, 1fr); gap: 24px;
  padding: 24px; background: var(--page); color: var(--ink);
  font: 15px/1.6 system-ui, sans-serif; }
nav { position: sticky; top: 24px; align-self: start; font-size: 14px; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: block; padding: 5px 10px; border-radius: 6px; text-decoration: none; }
nav a[aria-current] { background: var(--panel); font-weight: 600; }
main { min-width: 0; max-width: 860px; padding: 28px 36px; background: var(--panel);
  border: 1px solid var(--line); border-radius: 8px; overflow-wrap: anywhere; }
a { color: var(--link); }
h1, h2, h3 { line-height: 1.25; margin: 1.6em 0 .5em; }
h1 { margin-top: 0; }
pre, code { font-family: ui-monospace, monospace; font-size: .92em; }
code { background: var(--code); padding: 1px 4px; border-radius: 4px; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 6px;
  padding: 12px 14px; overflow: auto; }
pre code { background: none; padding: 0; }
table { display: block; overflow: auto; border-collapse: collapse; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0;
  border-bottom: 1px solid var(--line); overflow-wrap: normal; }
img { max-width: 100%; border-radius: 8px; border: 1px solid var(--line); }
blockquote { margin: 0; padding-left: 14px; border-left: 3px solid var(--line); color: var(--dim); }
@media (max-width: 800px) { body { grid-template-columns: minmax(0, 1fr); padding: 12px; }
  nav { position: static; } nav ul { display: flex; flex-wrap: wrap; } main { padding: 18px; } }
`;
