{{- define "millrace.labels" -}}
app.kubernetes.io/name: millrace
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "millrace.selector" -}}
app.kubernetes.io/name: millrace
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "millrace.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- /* What every container has: image, settings, secrets, and a root that it cannot write. */ -}}
{{- define "millrace.container" -}}
image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}"
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
envFrom:
  - configMapRef: { name: {{ .root.Release.Name }}-settings }
{{- range .root.Values.secrets }}
  - secretRef: { name: {{ . }} }
{{- end }}
volumeMounts:
  - { name: work, mountPath: /var/lib/millrace }
  - { name: cache, mountPath: /var/cache/millrace }
  - { name: tmp, mountPath: /tmp }
{{- end }}

{{- define "millrace.volumes" -}}
- name: work
  emptyDir: { sizeLimit: {{ .Values.worker.scratchSize }} }
- name: cache
  emptyDir: { sizeLimit: {{ .Values.worker.scratchSize }} }
- name: tmp
  emptyDir: { sizeLimit: {{ .Values.worker.scratchSize }} }
{{- end }}

{{- define "millrace.env" -}}
{{- range $name, $value := . }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}
