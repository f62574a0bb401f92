// polyaiRollback(agentId: 'PROJECT-AB12CD34', environment: 'live', deploymentId: 'previous')
//
// Rolls back, and sets the outputs as variables of the build, such as env.ROLLBACK_OUTCOME, after a failure, too. Each
// input is given by its name without hyphens. A parameter POLYAI_DRY_RUN of the build makes a dry run, too. The key is
// the credential polyai-api-key, a "secret text". The agent must have Docker. OWNER stands for the account under which
// polyai-rollback lives.
def call(Map inputs) {
  def variables = ['POLYAI_OUTPUT_FILE=/rollback/rollback.env', 'POLYAI_SUMMARY_FILE=/rollback/summary.md']
  def flags = []
  // Whatever is given is handed on, so that the program sees, and refuses, a misspelled name.
  for (input in inputs) {
    def name = 'POLYAI_' + input.key.replaceAll('([A-Z])', '_$1').toUpperCase()
    if (name == 'POLYAI_DRY_RUN') {
      // Can add a dry run, and takes none away from the build's own POLYAI_DRY_RUN: `false` is not handed on.
      if (String.valueOf(input.value) == 'false') {
        continue
      }
      name = 'INPUT_DRY_RUN'
    }
    variables.add(name + '=' + (input.value == null ? '' : input.value))
    flags.add('--env ' + name)
  }
  variables.add('FLAGS=' + flags.join(' '))
  def code = 0
  withCredentials([string(credentialsId: 'polyai-api-key', variable: 'POLYAI_API_KEY')]) {
    withEnv(variables) {
      // With `exec`, an abort reaches docker itself. POLYAI_DRY_RUN is for the person who starts the build; a name that
      // only begins so is handed on, too, and the program refuses it.
      code = sh(label: 'Roll back', returnStatus: true, script: '''
        set -eu
        rm -rf polyai-rollback
        mkdir polyai-rollback
        exec docker run --rm --volume "$PWD/polyai-rollback:/rollback" \\
          $(env | sed -n 's/^\\(POLYAI_DRY[A-Za-z_]*\\)=.*/--env \\1/p') \\
          $FLAGS --env POLYAI_API_KEY --env POLYAI_OUTPUT_FILE --env POLYAI_SUMMARY_FILE \\
          --env JENKINS_URL --env JOB_NAME --env BUILD_NUMBER --env BUILD_USER_ID --env BUILD_URL \\
          ghcr.io/OWNER/polyai-rollback:0.1.0
      ''')
    }
  }
  if (fileExists('polyai-rollback/rollback.env')) {
    // No value holds a line break.
    for (line in readFile('polyai-rollback/rollback.env').readLines()) {
      def parts = line.split('=', 2)
      env."${parts[0]}" = parts[1]
    }
    archiveArtifacts(artifacts: 'polyai-rollback/summary.md', allowEmptyArchive: true)
  }
  if (code != 0) {
    error("polyai-rollback ended with exit code ${code}")
  }
}
