// What can be said of the rules, the runbooks and the dashboards without running them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { findingCodes } from '@kasabi/operations';
import { alerts, prometheusFolder, readDashboards, readText } from './support/files.ts';
import { findPrometheus } from './support/prometheus-binary.ts';

const run = promisify(execFile);
const runbooks = readText('RUNBOOKS.md');

test('promtool finds the configuration and its rules valid', async () => {
  const { promtool } = await findPrometheus();
  const { stdout } = await run(promtool, ['check', 'config', 'prometheus.yml'], {
    cwd: prometheusFolder,
  });
  assert.match(stdout, /SUCCESS: 2 rule files found/);
  assert.match(stdout, new RegExp(`SUCCESS: ${alerts.length} rules found`));
});

test('everything that the page and doctor name has one alert, under the same name', () => {
  const named = alerts.flatMap(({ labels }) => labels?.['finding'] ?? []);
  assert.deepEqual(named.sort(), [...findingCodes].sort());
});

test('the trouble of a standby fires its alert, and what a standby usually is does not', async () => {
  const { promtool } = await findPrometheus();
  const alertname = 'KasabiStandbyTrouble';
  const [lag, sick] = [
    'kasabi_status_standby_lag_seconds{instance="status"}',
    'kasabi_dependency_sick{instance="status",dependency="standby",state="not-a-standby"}',
  ];
  const fires = async (series: string, values: string): Promise<boolean> => {
    const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-rules-'));
    const file = path.join(folder, 'test.yml');
    // It is expected to be silent: the tool complains if it is not.
    const test = {
      interval: '15s',
      input_series: [{ series, values }],
      alert_rule_test: [{ eval_time: '5m', alertname, exp_alerts: [] }],
    };
    const rules = path.join(prometheusFolder, 'alerts.yml');
    writeFileSync(file, JSON.stringify({ rule_files: [rules], tests: [test] }));
    try {
      await run(promtool, ['test', 'rules', file]);
      return false;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      assert.match(
        stdout + stderr,
        new RegExp(`got:\\[\\s*0:\\s*Labels:\\{alertname="${alertname}"`),
      );
      return true;
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  assert.ok(await fires(lag, '31x20'));
  assert.ok(await fires(sick, '1x20'));
  assert.ok(!(await fires(lag, '2x20')));
});

test('every alert says how grave it is, what is wrong, and where its runbook is', () => {
  for (const { alert = '', labels, annotations } of alerts) {
    assert.match(alert, /^Kasabi[A-Z]\w+$/);
    assert.match(labels?.['severity'] ?? '', /^(critical|warning)$/, alert);
    for (const name of ['summary', 'description']) assert.ok(annotations?.[name], alert);
    const [file, anchor] = (annotations?.['runbook_url'] ?? '').split('#');
    assert.equal(file, 'infra/prometheus/RUNBOOKS.md', alert);
    const section = runbooks.split('\n## ').find((it) => it.startsWith(`${anchor}\n`));
    assert.ok(section, `${alert}: RUNBOOKS.md has a heading ${anchor}`);
    for (const part of ['Means', 'Look', 'Do']) {
      assert.ok(section.includes(`\n**${part}:** `), `${anchor}: ${part}`);
    }
    const finding = labels?.['finding'];
    if (finding !== undefined) assert.equal(anchor, finding, alert);
  }
});

test('every panel has a title of its own and something to show', () => {
  for (const [name, { panels }] of readDashboards()) {
    const titles = panels.filter(({ type }) => type !== 'row').map(({ title }) => title);
    assert.ok(titles.length > 10, name);
    for (const { type, title, targets } of panels) {
      if (type !== 'row') assert.ok((targets?.length ?? 0) > 0, title);
    }
  }
});
