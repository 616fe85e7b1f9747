# The targets of the Makefile for PowerShell: .\make.ps1 TARGET [arguments]
param(
    [Parameter(Position = 0)][string]$Target = 'help',
    [int]$Minutes = 10,
    [Parameter(ValueFromRemainingArguments)][string[]]$Rest = @()
)
$ErrorActionPreference = 'Stop'
Set-Location $PSScriptRoot

$Python = if ($env:SPARK_PYTHON) { $env:SPARK_PYTHON }
elseif (Get-Command py -ErrorAction SilentlyContinue) { 'py' }
elseif (Get-Command python -ErrorAction SilentlyContinue) { 'python' }
else { 'python3' }

$Targets = [ordered]@{
    setup   = @('--group', 'dev')
    run     = @('--', 'spark-vtuber', 'run')
    test    = @('--group', 'test', '--', 'python', 'scripts/tests.py', 'test')
    'test-engines' = @('--group', 'test', '--', 'python', 'scripts/engines.py', 'test')
    check   = @('--group', 'dev', '--', 'python', 'scripts/check.py')
    figures = @('--group', 'test', '--', 'python', 'scripts/tests.py', 'figures')
    soak    = @('--group', 'test', '--', 'python', 'scripts/tests.py', 'soak')
    bench   = @('--group', 'test', '--', 'spark-vtuber', 'bench', 'latency')
    docs    = @('--group', 'test', '--', 'python', 'scripts/tests.py', 'test', 'tests/docs')
    pins    = @('--group', 'dev', '--', 'python', 'scripts/constraints.py')
}

if ($Target -eq 'clean') {
    & $Python scripts/clean.py
}
elseif ($Targets.Contains($Target)) {
    $env:SPARK_SOAK_MINUTES = $Minutes
    $Words = $Targets[$Target]
    & $Python scripts/bootstrap.py @Words @Rest
    if ($Target -eq 'bench' -and $LASTEXITCODE -eq 0) {
        & $Python scripts/bootstrap.py --group test '--' python bench/peers.py
    }
}
else {
    Write-Output "targets: $($Targets.Keys -join ', '), clean"
}
exit $LASTEXITCODE
