# Starts storj_monitor from this checkout under Windows, setting up what is missing. Without arguments: the demo.
# The counterpart of scripts/run. It has not been tried on a Windows machine yet.
#   scripts\run.ps1
#   scripts\run.ps1 run --node "mine:C:\Program Files\Storj\Storage Node\storagenode.log"
$ErrorActionPreference = 'Stop'
$top = Split-Path -Parent $PSScriptRoot
$venv = Join-Path $top '.venv'
$python = Join-Path $venv 'Scripts\python.exe'

function Invoke-Step {
    param([string]$What, [string]$Program, [string[]]$Arguments)
    Write-Host $What
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { throw "This failed: $Program $Arguments" }
}

if (-not (Test-Path $python)) {
    $launcher = if (Get-Command py -ErrorAction SilentlyContinue) { 'py' } else { 'python' }
    & $launcher -c 'import sys; sys.exit(sys.version_info < (3, 11))'
    if ($LASTEXITCODE -ne 0) { throw 'Python 3.11 or newer is needed: https://www.python.org/downloads/windows/' }
    Invoke-Step 'Making .venv ...' $launcher @('-m', 'venv', $venv)
}

$lock = Join-Path $top 'requirements\run.txt'
$hash = (Get-FileHash $lock).Hash + (Get-FileHash (Join-Path $top 'pyproject.toml')).Hash
$stamp = Join-Path $venv 'stamp-run'
if (-not (Test-Path $stamp) -or (Get-Content $stamp) -ne $hash) {
    # Python's own pip is as old as Python.
    $pip = Join-Path $top 'requirements\pip.txt'
    Invoke-Step 'Bringing pip up to date ...' $python @('-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '-r', $pip)
    Invoke-Step 'Installing Python packages ...' $python @('-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', $lock)
    Invoke-Step 'Installing storj_monitor ...' $python @('-m', 'pip', 'install', '--quiet', '--no-deps', '--no-build-isolation', '--editable', $top)
    Set-Content $stamp $hash
}

# Remove storj_monitor\web_dist to have the page built anew.
if (-not (Test-Path (Join-Path $top 'storj_monitor\web_dist\index.html'))) {
    if (-not (Get-Command npm -ErrorAction SilentlyContinue)) {
        $node = Join-Path $top 'requirements\node.txt'
        Invoke-Step 'Installing Node.js into .venv ...' $python @('-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', $node)
        $env:PATH = (Join-Path $venv 'Scripts') + ';' + $env:PATH
    }
    Push-Location (Join-Path $top 'web')
    try {
        Invoke-Step 'Installing the page''s build tools ...' 'npm' @('ci', '--no-audit', '--no-fund')
        Invoke-Step 'Building the page ...' 'npm' @('run', 'build')
    } finally { Pop-Location }
}

$arguments = if ($args.Count -gt 0) { $args } else { @('demo') }
& $python -m storj_monitor @arguments
exit $LASTEXITCODE
