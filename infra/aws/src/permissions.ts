import { Stack } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'

// What each service may do: exactly the calls that its code makes. A test compares the two.

/** Reads and writes the objects of a lake. An upload in parts is PutObject, and AbortMultipartUpload when it fails. */
export function lakeAccess(bucket: IBucket, prefix: string): PolicyStatement[] {
  return [
    new PolicyStatement({
      actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      resources: [bucket.arnForObjects(`${prefix}/*`)],
    }),
    // Without it a missing object is a refusal (403) and no absence (404).
    new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }),
  ]
}

export function streamReading(streams: readonly IStream[]): PolicyStatement[] {
  return [
    new PolicyStatement({
      actions: [
        'kinesis:DescribeStreamSummary',
        'kinesis:ListShards',
        'kinesis:GetShardIterator',
        'kinesis:GetRecords',
      ],
      resources: streams.map(({ streamArn }) => streamArn),
    }),
  ]
}

/** What API Gateway does for the clients of the streams' own paths. */
export function streamWriting(streams: readonly IStream[]): PolicyStatement[] {
  return [
    new PolicyStatement({
      actions: ['kinesis:PutRecord', 'kinesis:PutRecords', 'kinesis:DescribeStreamSummary'],
      resources: streams.map(({ streamArn }) => streamArn),
    }),
  ]
}

interface Cluster {
  readonly clusterArn: string
  readonly clusterName: string
}

/** The topics of one user in a cluster, and the pipeline's consumer groups. */
function clusterParts(scope: Construct, { clusterArn, clusterName }: Cluster, uid: string) {
  const { region, account, partition } = Stack.of(scope)
  const part = (kind: string, name: string) =>
    `arn:${partition}:kafka:${region}:${account}:${kind}/${clusterName}/*/${name}`
  return { cluster: clusterArn, topics: part('topic', `${uid}.*`), groups: part('group', 'millrace*') }
}

export function topicReading(scope: Construct, from: Cluster, uid: string): PolicyStatement[] {
  const { cluster, topics, groups } = clusterParts(scope, from, uid)
  return [
    new PolicyStatement({ actions: ['kafka-cluster:Connect'], resources: [cluster] }),
    new PolicyStatement({ actions: ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], resources: [topics] }),
    new PolicyStatement({ actions: ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'], resources: [groups] }),
  ]
}

/** The gateway describes a topic with its settings. It makes none: keys from the environment have not the role for that. */
export function topicWriting(scope: Construct, to: Cluster, uid: string): PolicyStatement[] {
  const { cluster, topics } = clusterParts(scope, to, uid)
  return [
    new PolicyStatement({
      actions: ['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'],
      resources: [cluster],
    }),
    new PolicyStatement({
      actions: [
        'kafka-cluster:DescribeTopic',
        'kafka-cluster:WriteData',
        'kafka-cluster:DescribeTopicDynamicConfiguration',
      ],
      resources: [topics],
    }),
  ]
}
