import { fileURLToPath } from 'node:url'
import { RemovalPolicy, Stack } from 'aws-cdk-lib'
import { Port, SubnetType } from 'aws-cdk-lib/aws-ec2'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { CfnEnvironment } from 'aws-cdk-lib/aws-mwaa'
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3'
import { BucketDeployment, Source } from 'aws-cdk-lib/aws-s3-deployment'
import type { Construct } from 'constructs'
import { acceptForAirflow } from './checks.ts'
import { makeSecurityGroup } from './network.ts'
import type { PipelineStack } from './pipeline-stack.ts'
import { CONTAINER } from './service.ts'

const DAGS = fileURLToPath(new URL('../../airflow', import.meta.url))
const NAME = 'millrace'

/** For those who keep Airflow: MWAA with the DAG, each step a task on the same cluster. */
export class AirflowStack extends Stack {
  constructor(scope: Construct, id: string, { pipeline }: { readonly pipeline: PipelineStack }) {
    super(scope, id, { description: 'Millrace: its daily run by Amazon MWAA' })
    const bucket = new Bucket(this, 'Dags', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      // MWAA wants it.
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
      serverAccessLogsPrefix: 'access/',
    })
    const dags = new BucketDeployment(this, 'Upload', {
      destinationBucket: bucket,
      destinationKeyPrefix: 'dags',
      sources: [Source.asset(DAGS)],
    })
    const { vpc, batch, cluster } = pipeline
    const group = makeSecurityGroup(this, 'AirflowGroup', vpc, 'Airflow')
    group.addIngressRule(group, Port.allTcp(), 'Its own parts')
    const subnets = vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_WITH_EGRESS }).subnetIds
    const role = this.#role(bucket, pipeline)
    const environment = new CfnEnvironment(this, 'Airflow', {
      name: NAME,
      airflowVersion: '3.0.6',
      environmentClass: 'mw1.small',
      maxWorkers: 2,
      executionRoleArn: role.roleArn,
      sourceBucketArn: bucket.bucketArn,
      dagS3Path: 'dags',
      networkConfiguration: { subnetIds: subnets, securityGroupIds: [group.securityGroupId] },
      webserverAccessMode: 'PRIVATE_ONLY',
      airflowConfigurationOptions: {
        'millrace.ecs_cluster': cluster.clusterName,
        'millrace.ecs_task_definition': batch.task.taskDefinitionArn,
        'millrace.ecs_container': CONTAINER,
        'millrace.ecs_subnets': subnets.join(),
        'millrace.ecs_security_groups': batch.group.securityGroupId,
      },
      loggingConfiguration: Object.fromEntries(
        ['dagProcessingLogs', 'schedulerLogs', 'taskLogs', 'webserverLogs', 'workerLogs'].map((log) => [
          log,
          { enabled: true, logLevel: 'INFO' },
        ]),
      ),
    })
    environment.node.addDependency(dags)
    acceptForAirflow(this)
  }

  #role(bucket: Bucket, { batch, cluster }: PipelineStack): Role {
    const role = new Role(this, 'AirflowRole', {
      assumedBy: new ServicePrincipal('airflow.amazonaws.com'),
    })
    role.assumeRolePolicy?.addStatements(
      new PolicyStatement({
        actions: ['sts:AssumeRole'],
        principals: [new ServicePrincipal('airflow-env.amazonaws.com')],
      }),
    )
    const arn = (service: string, resource: string) => this.formatArn({ service, resource })
    const may = (actions: string[], resources: string[], conditions?: Record<string, unknown>) =>
      role.addToPolicy(new PolicyStatement({ actions, resources, ...(conditions && { conditions }) }))
    bucket.grantRead(role)
    may(['s3:GetAccountPublicAccessBlock', 'cloudwatch:PutMetricData', 'logs:DescribeLogGroups'], ['*'])
    may(['airflow:PublishMetrics'], [arn('airflow', `environment/${NAME}`)])
    may(
      ['logs:CreateLogStream', 'logs:CreateLogGroup', 'logs:PutLogEvents', 'logs:GetLogEvents', 'logs:GetLogRecord'],
      [`arn:${this.partition}:logs:${this.region}:${this.account}:log-group:airflow-${NAME}-*`],
    )
    // Its queues are Amazon's own, in an account of theirs.
    const queues = `arn:${this.partition}:sqs:${this.region}:*:airflow-celery-*`
    may(
      [
        'sqs:ChangeMessageVisibility',
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
        'sqs:GetQueueUrl',
        'sqs:ReceiveMessage',
        'sqs:SendMessage',
      ],
      [queues],
    )
    may(['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey', 'kms:Encrypt'], ['*'], {
      StringEquals: { 'kms:ViaService': `sqs.${this.region}.amazonaws.com` },
    })
    may(['ecs:RunTask'], [batch.task.taskDefinitionArn])
    may(['ecs:DescribeTasks', 'ecs:StopTask'], [arn('ecs', `task/${cluster.clusterName}/*`)])
    const { taskRole, executionRole } = batch.task
    may(['iam:PassRole'], [taskRole.roleArn, ...(executionRole ? [executionRole.roleArn] : [])], {
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    })
    return role
  }
}
