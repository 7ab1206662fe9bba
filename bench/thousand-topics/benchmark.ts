import type { Benchmark } from '../src/contract.ts'

export const benchmark: Benchmark = {
  about:
    'Topics of Avro (a registry, 20 fields, three versions of the schema live in each), 10/3 messages a second in each, into a Delta table each, found by a pattern and inferred. One worker, then a second one beside it, then the first is killed; nothing may be lost or doubled. How long each message waited: from when it was sent until its commit. The size is the number of topics; MILLRACE_BENCH_SECONDS says for how long one worker is measured (180), MILLRACE_BENCH_EVERY_SECONDS how often it commits to each table (60), MILLRACE_BENCH_SPARK_TOPICS how many topics Spark has (50).',
  unit: 'topics',
  page: 'topics.md',
  size: 1000,
  services: ['kafka', 'registry'],
  reference: 'millrace',
  measures: 'process',
  prepare: (_, input) => input('nothing', {}, async () => {}),
  outputs: () => ({}),
}
