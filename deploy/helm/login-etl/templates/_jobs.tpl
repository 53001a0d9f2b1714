{{/*
A job that Helm or Argo CD runs at a point of time. Context: that of a pod, and {hook, argocdHook, weight,
deadlineSeconds, backoffLimit, serviceAccount}.
Helm deletes the previous job only when it makes the next one, so the log of the last one can be read.
*/}}
{{- define "login-etl.job" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "login-etl.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "login-etl.labels" . | nindent 4 }}
  annotations:
    {{- if .root.Values.argocd.enabled }}
    argocd.argoproj.io/hook: {{ .argocdHook }}
    argocd.argoproj.io/hook-delete-policy: BeforeHookCreation
    argocd.argoproj.io/sync-wave: {{ .weight | quote }}
    {{- else }}
    helm.sh/hook: {{ .hook }}
    helm.sh/hook-weight: {{ .weight | quote }}
    helm.sh/hook-delete-policy: before-hook-creation
    helm.sh/hook-output-log-policy: hook-failed,hook-succeeded
    {{- end }}
spec:
  backoffLimit: {{ .backoffLimit | default "2" }}
  activeDeadlineSeconds: {{ .deadlineSeconds }}
  template:
    metadata:
      {{- include "login-etl.podMetadata" . | nindent 6 }}
    spec:
      restartPolicy: Never
      {{- with .serviceAccount }}
      serviceAccountName: {{ . }}
      {{- end }}
      {{- include "login-etl.podSettings" . | nindent 6 }}
      containers:
        - {{ include "login-etl.container" . | nindent 10 | trim }}
{{- end }}
