import { describe, expect, it } from 'vitest';
import { nagiosLine, prometheusText } from '../../../src/core/health/check-format.ts';
import type { CheckResult } from '../../../src/core/health/check.ts';
import { atLeast, atMost } from '../../../src/core/health/range.ts';

const store: CheckResult = {
  name: 'store',
  status: 'WARNING',
  summary: 'hot 85 %',
  metrics: [
    { label: 'hot_used', value: 85.5, unit: '%', help: 'Share', warning: atMost(80), critical: atMost(95) },
    { label: 'hot', value: 12, unit: 'B', help: 'Bytes' },
    { label: 'left', value: 3, unit: 's', help: 'Time', critical: atLeast(1) },
  ],
  ageMs: 61_499,
};
const job = (name: string, age: number): CheckResult => ({ name: `job ${name}`, status: 'OK', summary: `${name} ended`, metrics: [{ label: 'age', value: age, unit: 's', help: 'Since' }], ageMs: age * 1000 });

describe('the line for Nagios', () => {
  it('has the status, the summary and the numbers with their thresholds', () => {
    expect(nagiosLine(store)).toBe('OMNIPLEX STORE WARNING: hot 85 % | hot_used=85.5%;80;95 hot=12B left=3s;;1: age=61s');
    expect(nagiosLine(job('demote', 5))).toBe('OMNIPLEX JOB OK: demote ended | age=5s');
    expect(nagiosLine({ name: 'all', status: 'OK', summary: '2 checks', metrics: [] })).toBe('OMNIPLEX OK: 2 checks');
  });

  it('is one line, in which only the performance data follow a bar', () => {
    expect(nagiosLine({ name: 'contacts', status: 'OK', summary: 'a|b\r\nc\nOMNIPLEX OK', metrics: [] })).toBe('OMNIPLEX CONTACTS OK: a b c OMNIPLEX OK');
  });
});

describe('the file for Prometheus', () => {
  it('has shares as they were counted', () => {
    expect(prometheusText([{ ...store, metrics: [{ ...store.metrics[0]!, value: 40.4 }] }])).toContain('_ratio 0.404\n');
  });

  it('has every family once, in base units', () => {
    expect(prometheusText([store, job('demote', 5), job('a"b\\c', 7)])).toBe(
      [
        '# HELP omniplex_check_status 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.',
        '# TYPE omniplex_check_status gauge',
        'omniplex_check_status{check="store"} 1',
        'omniplex_check_status{check="job demote"} 0',
        'omniplex_check_status{check="job a\\"b\\\\c"} 0',
        '# HELP omniplex_check_age_seconds Age of the audit or job that a check rests on.',
        '# TYPE omniplex_check_age_seconds gauge',
        'omniplex_check_age_seconds{check="store"} 61',
        'omniplex_check_age_seconds{check="job demote"} 5',
        'omniplex_check_age_seconds{check="job a\\"b\\\\c"} 7',
        '# HELP omniplex_store_hot_used_ratio Share.',
        '# TYPE omniplex_store_hot_used_ratio gauge',
        'omniplex_store_hot_used_ratio 0.855',
        '# HELP omniplex_store_hot_bytes Bytes.',
        '# TYPE omniplex_store_hot_bytes gauge',
        'omniplex_store_hot_bytes 12',
        '# HELP omniplex_store_left_seconds Time.',
        '# TYPE omniplex_store_left_seconds gauge',
        'omniplex_store_left_seconds 3',
        '# HELP omniplex_job_age_seconds Since.',
        '# TYPE omniplex_job_age_seconds gauge',
        'omniplex_job_age_seconds{job="demote"} 5',
        'omniplex_job_age_seconds{job="a\\"b\\\\c"} 7',
        '',
      ].join('\n'),
    );
  });
});
