import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis'
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'

const PRIVATE = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.RETAIN,
}

/** The lake, and a bucket for the log of who asked for what. Both stay when the stack goes. */
export function makeLake(scope: Construct): Bucket {
  const logs = new Bucket(scope, 'AccessLogs', { ...PRIVATE, lifecycleRules: [{ expiration: Duration.days(90) }] })
  return new Bucket(scope, 'Lake', {
    ...PRIVATE,
    versioned: true,
    serverAccessLogsBucket: logs,
    serverAccessLogsPrefix: 'lake/',
    lifecycleRules: [
      { abortIncompleteMultipartUploadAfter: Duration.days(2) },
      { noncurrentVersionExpiration: Duration.days(7) },
    ],
  })
}

/** They scale by themselves; a week is time enough to mend a data set. */
export function makeStreams(scope: Construct, names: readonly string[]): Stream[] {
  return names.map(
    (streamName) =>
      new Stream(scope, streamName, {
        streamName,
        streamMode: StreamMode.ON_DEMAND,
        encryption: StreamEncryption.MANAGED,
        retentionPeriod: Duration.days(7),
        removalPolicy: RemovalPolicy.RETAIN,
      }),
  )
}
