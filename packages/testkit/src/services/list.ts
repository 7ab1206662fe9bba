import { airflow } from './airflow.ts'
import { cassandra } from './cassandra.ts'
import { cdk } from './cdk.ts'
import { chromium } from './chromium.ts'
import { confluent } from './confluent.ts'
import { connect } from './connect.ts'
import { debezium } from './debezium.ts'
import { flink } from './flink.ts'
import { helm } from './helm.ts'
import { httpfs } from './httpfs.ts'
import { images } from './images.ts'
import { judge } from './judge.ts'
import { kafka } from './kafka.ts'
import { kafkaPair } from './kafka-pair.ts'
import { kinesalite } from './kinesalite.ts'
import { kinesisMock } from './kinesis-mock.ts'
import { linters } from './linters.ts'
import { mariadb } from './mariadb.ts'
import { mergePeers } from './merge-peers.ts'
import { moto } from './moto.ts'
import { mskSigner } from './msk-signer.ts'
import { postgres, postgresNewest } from './postgres.ts'
import { postgresJdbc } from './postgres-jdbc.ts'
import { prometheus } from './prometheus.ts'
import { registry } from './registry.ts'
import { s3 } from './s3.ts'
import { apicurioSerdes, glueSerdes } from './serdes.ts'
import type { Server } from './server.ts'
import { spark } from './spark.ts'
import { sparkAvro } from './spark-avro.ts'
import { trino } from './trino.ts'

/** Every server there is, and what tests only want installed. A new one is a file and a line here. */
export const SERVERS = {
  kafka,
  kafkaPair,
  kinesisMock,
  kinesalite,
  s3,
  mariadb,
  postgres,
  postgresNewest,
  cassandra,
  prometheus,
  chromium,
  judge,
  spark,
  trino,
  httpfs,
  images,
  airflow,
  helm,
  linters,
  cdk,
  mskSigner,
  moto,
  registry,
  confluent,
  apicurioSerdes,
  glueSerdes,
  debezium,
}

/** What benchmarks want installed, each when it is asked for by name; none of it is started. */
export const PEERS = { connect, flink, mergePeers, postgresJdbc, sparkAvro }

export type ServerName = keyof typeof SERVERS

/** The folder of something that is only installed, not started. */
export type AddressOf<Name extends ServerName> = (typeof SERVERS)[Name] extends Server<infer Address> ? Address : string

export function isServerName(name: string): name is ServerName {
  return Object.hasOwn(SERVERS, name)
}

export type PeerName = keyof typeof PEERS

export function isPeerName(name: string): name is PeerName {
  return Object.hasOwn(PEERS, name)
}
