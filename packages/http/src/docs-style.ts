/** The style sheet of the documentation, for small and large screens, light and dark. */
export const stylesheet = `:root {
  color-scheme: light dark;
  --text: light-dark(#1b1f24, #e6e8ea);
  --quiet: light-dark(#57606a, #9aa4ae);
  --page: light-dark(#ffffff, #14181c);
  --panel: light-dark(#f4f6f8, #1d2329);
  --line: light-dark(#d5dae0, #363e47);
  --link: light-dark(#0b57b0, #83b7f5);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  max-width: 56rem;
  padding: 1rem 1rem 4rem;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: break-word;
}
a { color: var(--link); }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); padding-bottom: 0.25rem; }
h3 { margin-top: 2.5rem; font-size: 1.15rem; }
code, pre { font: 0.875rem/1.45 ui-monospace, monospace; }
code { overflow-wrap: anywhere; }
pre {
  margin: 0.25rem 0 0.75rem;
  padding: 0.6rem 0.75rem;
  overflow-x: auto;
  background: var(--panel);
  border: 1px solid var(--line);
  border-radius: 0.375rem;
}
pre code { overflow-wrap: normal; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.3rem 0.6rem 0.3rem 0; text-align: left; vertical-align: top; }
tr + tr > * { border-top: 1px solid var(--line); }
dt { margin-top: 0.75rem; font-weight: 600; }
dd { margin: 0 0 0 1rem; }
dd p { margin: 0.15rem 0; }
nav ul { padding-left: 1rem; }
details { margin: 0.35rem 0; }
summary { cursor: pointer; }
header + main h2:first-child { margin-top: 1.5rem; }
.quiet { color: var(--quiet); }
@media (max-width: 30rem) {
  body { padding-inline: 0.75rem; }
  dd { margin-left: 0; }
}
`;
