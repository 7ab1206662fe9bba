import { Duration } from 'aws-cdk-lib'
import {
  AccessLogFormat,
  AwsIntegration,
  ConnectionType,
  Integration,
  IntegrationType,
  type IResource,
  LogGroupLogDestination,
  MethodLoggingLevel,
  RequestValidator,
  RestApi,
  VpcLink,
} from 'aws-cdk-lib/aws-apigateway'
import { Peer, Port, type Vpc } from 'aws-cdk-lib/aws-ec2'
import type { FargateService } from 'aws-cdk-lib/aws-ecs'
import { NetworkLoadBalancer, Protocol } from 'aws-cdk-lib/aws-elasticloadbalancingv2'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { makeSecurityGroup } from './network.ts'
import { streamWriting } from './permissions.ts'
import { RECORD, RECORDS, STREAM } from './templates.ts'

interface Upstreams {
  readonly streams: readonly IStream[]
  readonly vpc: Vpc
  readonly gateway: FargateService
  readonly gatewayPort: number
}

/** One API: `/topics/…` is the gateway, `/streams/…` is Kinesis itself, as the emulators address them. */
export function makeApi(scope: Construct, upstreams: Upstreams): RestApi {
  const api = new RestApi(scope, 'Api', {
    cloudWatchRole: true,
    deployOptions: {
      stageName: 'prod',
      loggingLevel: MethodLoggingLevel.ERROR,
      metricsEnabled: true,
      tracingEnabled: true,
      accessLogDestination: new LogGroupLogDestination(
        new LogGroup(scope, 'ApiLogs', { retention: RetentionDays.ONE_MONTH }),
      ),
      accessLogFormat: AccessLogFormat.jsonWithStandardFields(),
    },
  })
  const validator = new RequestValidator(scope, 'ApiValidator', {
    restApi: api,
    validateRequestBody: true,
    validateRequestParameters: true,
  })
  const role = new Role(scope, 'ApiRole', { assumedBy: new ServicePrincipal('apigateway.amazonaws.com') })
  for (const statement of streamWriting(upstreams.streams)) role.addToPolicy(statement)
  // Both names are in use: /stream/ too.
  for (const path of ['streams', 'stream']) addStreams(api.root.addResource(path), role, validator)
  const backend = gatewayBackend(scope, upstreams)
  const proxy = api.root.addResource('topics').addResource('{topic}')
  proxy.addMethod('POST', backend('/topics/{topic}'), {
    requestParameters: { 'method.request.path.topic': true },
    requestValidator: validator,
  })
  api
    .addUsagePlan('Clients', { throttle: { rateLimit: 10_000, burstLimit: 5_000 } })
    .addApiStage({ stage: api.deploymentStage })
  return api
}

function addStreams(resource: IResource, credentialsRole: Role, requestValidator: RequestValidator): void {
  const stream = resource.addResource('{stream-name}')
  const options = {
    apiKeyRequired: true,
    requestValidator,
    requestParameters: { 'method.request.path.stream-name': true },
    methodResponses: [{ statusCode: '200' }, { statusCode: '400' }, { statusCode: '500' }],
  }
  const integration = (action: string, template: string) =>
    new AwsIntegration({
      service: 'kinesis',
      action,
      options: {
        credentialsRole,
        requestParameters: { 'integration.request.header.Content-Type': "'application/x-amz-json-1.1'" },
        requestTemplates: { 'application/json': template },
        integrationResponses: [
          { statusCode: '200' },
          { statusCode: '400', selectionPattern: '4\\d{2}' },
          { statusCode: '500', selectionPattern: '5\\d{2}' },
        ],
      },
    })
  stream.addMethod('GET', integration('DescribeStreamSummary', STREAM), options)
  stream.addResource('record').addMethod('PUT', integration('PutRecord', RECORD), options)
  stream.addResource('records').addMethod('PUT', integration('PutRecords', RECORDS), options)
}

/** API Gateway reaches into the network through a load balancer of its own. */
function gatewayBackend(scope: Construct, { vpc, gateway, gatewayPort }: Upstreams) {
  const group = makeSecurityGroup(scope, 'BalancerGroup', vpc, 'Load balancer of the gateway')
  group.addIngressRule(Peer.ipv4(vpc.vpcCidrBlock), Port.tcp(gatewayPort), 'API Gateway, from inside')
  const balancer = new NetworkLoadBalancer(scope, 'Balancer', { vpc, internetFacing: false, securityGroups: [group] })
  gateway.connections.allowFrom(group, Port.tcp(gatewayPort), 'Load balancer')
  balancer.addListener('Http', { port: gatewayPort, protocol: Protocol.TCP }).addTargets('Gateway', {
    port: gatewayPort,
    targets: [gateway],
    // A gateway that is being stopped still answers the requests under way.
    deregistrationDelay: Duration.seconds(60),
    healthCheck: { protocol: Protocol.HTTP, path: '/healthz' },
  })
  const link = new VpcLink(scope, 'Link', { targets: [balancer] })
  return (path: string) =>
    new Integration({
      type: IntegrationType.HTTP_PROXY,
      integrationHttpMethod: 'POST',
      uri: `http://${balancer.loadBalancerDnsName}:${gatewayPort}${path}`,
      options: {
        connectionType: ConnectionType.VPC_LINK,
        vpcLink: link,
        requestParameters: { 'integration.request.path.topic': 'method.request.path.topic' },
      },
    })
}
