import { judge, type Row, showTarget, showVerdict, type Verdict } from '../support/result.ts';

const [width, labels, chart, height] = [960, 400, 300, 26];

/**
 * A bar for each comparison that has a target, as a share of the target: green to the target's good side,
 * red beyond it, with the spread of the rounds as a line.
 */
export function renderSvg(rows: readonly Row[]): string {
  const bars = rows.flatMap((row) => {
    const verdict = judge(row);
    return verdict === undefined || row.target === undefined ? [] : [{ row, verdict }];
  });
  const total = 56 + bars.length * height;
  const atTarget = labels + chart / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${total}" fill="white"/>`,
    `<text x="${atTarget}" y="18" text-anchor="middle" fill="#444">target</text>`,
    ...bars.flatMap(({ row, verdict }, index) => bar(row, verdict, 30 + index * height)),
    `<line x1="${atTarget}" x2="${atTarget}" y1="24" y2="${total - 20}" stroke="#222" stroke-dasharray="4 3"/>`,
    `<text x="${labels}" y="${total - 6}" fill="#444">Bars: median of the rounds as a share of the target (the right edge is twice the target or more); lines: spread.</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function bar(row: Row, verdict: Verdict, y: number): string[] {
  const target = row.target?.value ?? 1;
  const at = (value: number): number =>
    Math.round(labels + Math.min(Math.max(value / target / 2, 0), 1) * chart);
  const middle = y + height / 2;
  const beside = row.baseline === undefined ? '' : `, against ${row.baseline.name}`;
  const label = `${row.part}: ${row.what}${beside}`;
  const text = `${showVerdict(row, verdict)}, ${showTarget(row)}`;
  return [
    `<text x="${labels - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
    `<rect x="${labels}" y="${y + 4}" width="${at(verdict.median) - labels}" height="${height - 8}" fill="${verdict.met ? '#7fb77e' : '#d9756c'}"/>`,
    `<line x1="${at(verdict.min)}" x2="${at(verdict.max)}" y1="${middle}" y2="${middle}" stroke="#222"/>`,
    `<text x="${labels + chart + 8}" y="${middle + 4}" fill="#222">${escaped(text)}</text>`,
  ];
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
