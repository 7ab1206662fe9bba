import { pythonServer } from './python.ts'

const REQUIREMENTS = ['confluent-kafka[avro,protobuf,json]==2.16.1']

/** Confluent's client for Python with its own serialisers: what others put into Kafka. */
export const confluent = pythonServer(REQUIREMENTS, 'confluent_server.py')
