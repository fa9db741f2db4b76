-- How long jobs took to start and to run, as a histogram for each minute, so that the minutes of an hour can be
-- added up, which percentiles cannot. The previous version still writes its percentiles beside it.

-- Up Migration

-- {"bucket": jobs}: bucket n holds what took over 1.1^(n-1) ms and at most 1.1^n; bucket 0 up to 1 ms.
ALTER TABLE kasabi.job_tally ADD COLUMN drift_histogram jsonb, ADD COLUMN run_histogram jsonb;

-- Earlier minutes, as if one job in a hundred had taken as long as the 99th percentile, the others the median.
UPDATE kasabi.job_tally t
SET drift_histogram = jsonb_build_object(b.drift50, b.most) || jsonb_build_object(b.drift99, b.few +
      CASE WHEN b.drift99 = b.drift50 THEN b.most ELSE 0 END),
    run_histogram = jsonb_build_object(b.run50, b.most) || jsonb_build_object(b.run99, b.few +
      CASE WHEN b.run99 = b.run50 THEN b.most ELSE 0 END)
FROM (
  SELECT minute, type, (completed + failed) - ceil((completed + failed) / 100.0)::int AS most,
         ceil((completed + failed) / 100.0)::int AS few,
         ceil(ln(greatest(drift_p50_ms, 1)) / ln(1.1))::int AS drift50,
         ceil(ln(greatest(drift_p99_ms, 1)) / ln(1.1))::int AS drift99,
         ceil(ln(greatest(run_p50_ms, 1)) / ln(1.1))::int AS run50,
         ceil(ln(greatest(run_p99_ms, 1)) / ln(1.1))::int AS run99
  FROM kasabi.job_tally
  WHERE completed + failed > 0 AND drift_p50_ms IS NOT NULL AND run_p50_ms IS NOT NULL
) AS b
WHERE t.minute = b.minute AND t.type = b.type;

-- Down Migration

ALTER TABLE kasabi.job_tally DROP COLUMN drift_histogram, DROP COLUMN run_histogram;
