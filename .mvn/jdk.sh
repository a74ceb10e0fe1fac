# For the scripts of this project: find_jdk prints the folder of a JDK 25 or later; $1 is the name of the script.

# The feature release of the JDK in folder $1, from its "release" file: asking the java in it takes longer.
feature_release() {
    local line
    [[ -r $1/release ]] || return 0
    while IFS= read -r line; do
        if [[ $line =~ ^JAVA_VERSION=\"([0-9]+) ]]; then
            echo "${BASH_REMATCH[1]}"
            return
        fi
    done <"$1/release"
}

find_jdk() {
    local need=25 candidates=() home version best='' best_version=0 java
    [[ -n ${JAVA_HOME:-} ]] && candidates+=("$JAVA_HOME")
    if java=$(type -P java); then
        java=$(readlink -f "$java")
        candidates+=("${java%/*/*}")
    fi
    candidates+=(/usr/lib/jvm/* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* "$HOME"/.asdf/installs/java/*
        "$HOME"/.local/share/mise/installs/java/* "$HOME"/.m2/jdks/* /opt/*jdk* /opt/java/* /usr/java/*)
    for home in "${candidates[@]}"; do
        [[ -x $home/bin/java ]] || continue
        version=$(feature_release "$home")
        [[ -n $version ]] || continue
        # The release that the project is built for is preferred to later ones.
        if ((version == need)); then
            best=$home
            break
        elif ((version > need && version > best_version)); then
            best=$home best_version=$version
        fi
    done
    if [[ -z $best ]]; then
        cat >&2 <<TXT
$1: no JDK $need or later found.
Looked at JAVA_HOME, the java on the PATH, /usr/lib/jvm, ~/.sdkman, ~/.jdks, ~/.asdf, mise, /opt and /usr/java.
Install one there, or set JAVA_HOME to the folder that holds its bin/java.
TXT
        return 3
    fi
    echo "$best"
}
