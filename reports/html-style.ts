/** The style sheet of the HTML report: light and dark, screen and paper, no outside resources. */
export const htmlStyle = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f6f8fa; --ink: #1f2328; --faint: #59636e; --line: #d5dbe1;
  --link: #0b57d0;
  --alarm: #b3261e; --alarm-paper: #fdecea; --alarm-solid: #b3261e; --on-alarm: #ffffff;
  --broken: #7d5200; --broken-paper: #fff4dc;
  --holds: #1a6b33; --holds-paper: #e8f5eb;
  --unknown: #3b5578; --unknown-paper: #ebf1f9;
  --note: #fff8dc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --panel: #1d2127; --ink: #e3e7ec; --faint: #9aa4af; --line: #353c45;
    --link: #8ab4f8;
    --alarm: #ff9a91; --alarm-paper: #3a1d1b; --alarm-solid: #c0392f; --on-alarm: #ffffff;
    --broken: #f0c36a; --broken-paper: #33290f;
    --holds: #7fd197; --holds-paper: #17301e;
    --unknown: #a5c1e8; --unknown-paper: #1b2939;
    --note: #302c18;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 74rem; margin: 0 auto; padding: 2.5rem 1.5rem 5rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 3.5rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 2.25rem 0 .75rem; }
h4 { font-size: 1rem; margin: 0; }
p { margin: .5rem 0; }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 2px; }
code, pre {
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
code { font-size: .88em; }
pre {
  margin: .5rem 0; padding: .75rem 1rem; overflow-x: auto; background: var(--panel);
  border: 1px solid var(--line); border-radius: 6px; font-size: .85rem; line-height: 1.5;
}
pre code { font-size: inherit; }
.faint { color: var(--faint); }
.lead { max-width: 50rem; }
section.protocol { border-top: 1px solid var(--line); margin-top: 3.5rem; }
section.protocol > h2 { margin-top: 2rem; }
.any { overflow-wrap: anywhere; }
.wire td:first-of-type { white-space: nowrap; }
.wire code { font-size: 0.85em; }
.wire-line[data-depth="1"] { padding-left: 1.2em; }
.wire-line[data-depth="2"] { padding-left: 2.4em; }
.wire-line[data-depth="3"] { padding-left: 3.6em; }

.tiles {
  display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0; padding: 0; list-style: none;
}
.tiles li {
  flex: 1 1 9rem; padding: .7rem 1rem; border: 1px solid var(--line); border-radius: 8px;
  background: var(--panel);
}
.tiles b { display: block; font-size: 1.6rem; line-height: 1.2; }
.tiles .alarm { background: var(--alarm-paper); border-color: var(--alarm); color: var(--alarm); }
.tiles .broken b { color: var(--broken); }
.tiles .holds b { color: var(--holds); }
.tiles .unknown b { color: var(--unknown); }
.warning {
  padding: .6rem 1rem; border: 1px solid var(--broken); border-radius: 6px;
  background: var(--broken-paper); color: var(--broken);
}

.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .92rem; }
th, td {
  padding: .5rem .75rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line);
}
tr:last-child > th, tr:last-child > td { border-bottom: 0; }
thead tr:last-child > th { border-bottom: 1px solid var(--line); }
thead th { background: var(--panel); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; white-space: nowrap; }
thead th.number { text-align: right; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }

.matrix { width: auto; min-width: 100%; }
.matrix th:first-child {
  position: sticky; left: 0; z-index: 1; background: var(--panel);
  border-right: 1px solid var(--line); white-space: nowrap;
}
.matrix th:first-child { width: 1%; }
.matrix td { white-space: nowrap; }
.legend {
  display: grid; gap: 0 2.5rem; font-size: .9rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr));
}
.legend dl { align-content: start; margin: .25rem 0; }
.matrix td a { color: inherit; text-decoration: none; }
.matrix td a:hover .verdict { text-decoration: underline; }
.small { display: block; font-size: .8rem; color: var(--faint); }

.verdict { font-weight: 600; white-space: nowrap; }
.verdict.alarm {
  background: var(--alarm-solid); color: var(--on-alarm); padding: .1rem .5rem; border-radius: 4px;
}
.verdict.broken { color: var(--broken); }
.verdict.holds { color: var(--holds); }
.verdict.unknown { color: var(--unknown); }
.verdict.none { color: var(--faint); font-weight: 400; }
td.alarm { background: var(--alarm-paper); }
td.broken { background: var(--broken-paper); }
td.holds { background: var(--holds-paper); }
td.unknown { background: var(--unknown-paper); }

dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: .9rem 0; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
dd ol { margin: 0; padding-left: 1.25rem; }

.finding {
  margin: 1.25rem 0; padding: 1rem 1.25rem 1.1rem; border: 1px solid var(--line);
  border-left: 4px solid var(--broken); border-radius: 8px;
}
.finding.alarm { border-left-color: var(--alarm-solid); }
.finding header { display: flex; flex-wrap: wrap; gap: .4rem .9rem; align-items: baseline; }
.finding .because {
  font-size: 1.02rem; margin: .6rem 0; max-width: 56rem; overflow-wrap: anywhere;
}
.finding blockquote { margin: .4rem 0; padding-left: .9rem; border-left: 3px solid var(--line); }
.finding:target { outline: 2px solid var(--link); outline-offset: 2px; }
.others { margin: .9rem 0 0; padding-top: .75rem; border-top: 1px solid var(--line); }
.others > p { margin: 0; font-weight: 600; }
.others ul { margin: .4rem 0 0; padding-left: 1.25rem; overflow-wrap: anywhere; }
figure { margin: 1rem 0; overflow-x: auto; }
summary { cursor: pointer; color: var(--link); }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); }

.seq-paper { fill: var(--paper); }
text.seq-ink { fill: var(--ink); }
path.seq-ink { fill: var(--ink); }
text.seq-faint, path.seq-faint { fill: var(--faint); }
text.seq-attack, path.seq-attack { fill: var(--alarm); }
text.seq-changed, path.seq-changed { fill: var(--broken); }
.seq-stroke.seq-ink { stroke: var(--ink); }
.seq-stroke.seq-faint { stroke: var(--faint); }
.seq-stroke.seq-attack { stroke: var(--alarm); }
.seq-stroke.seq-changed { stroke: var(--broken); }
path.seq-stroke { fill: none !important; }
.seq-line { stroke: var(--line); }
.seq-attack-line { stroke: var(--alarm); }
.seq-head { fill: var(--panel); stroke: var(--line); }
.seq-attack-box { fill: var(--alarm-paper); stroke: var(--alarm); }
.seq-note { fill: var(--note); stroke: var(--line); }
.seq-violation { fill: var(--alarm-paper); stroke: var(--alarm); }

@media (max-width: 40rem) {
  main { padding: 1.5rem 1rem 3rem; }
  dl { grid-template-columns: 1fr; gap: .1rem; }
  dd { margin-bottom: .5rem; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --panel: #f6f8fa; --ink: #000000; --faint: #4a525a; --line: #c4cbd2;
    --link: #000000;
    --alarm: #b3261e; --alarm-paper: #fdecea; --alarm-solid: #b3261e; --on-alarm: #ffffff;
    --broken: #7d5200; --broken-paper: #fff4dc;
    --holds: #1a6b33; --holds-paper: #e8f5eb;
    --unknown: #3b5578; --unknown-paper: #ebf1f9;
    --note: #fff8dc;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .scroll, figure, pre { overflow: visible; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .matrix th:first-child { position: static; }
  .matrix td { white-space: normal; }
  figure svg { max-width: 100%; height: auto; }
  figure, tr, .finding header { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  section.protocol { break-before: page; border-top: 0; margin-top: 0; }
}
`;
