# fish completion for rf-cam: the options and values of the rf-cam on PATH. fish completes and quotes the names of files.
set -l program (command -s rf-cam)
# A relative entry of PATH may name a file of the current folder: completion must not run it.
string match -q '/*' -- "$program"; or exit
for line in ($program --print-completion 2>/dev/null </dev/null)
    set -l words (string split -n ' ' -- $line)
    set -l name (string replace -r '^-+' '' -- $words[1])
    set -l dash (string length -- $name)
    switch "$words[2]"
        case files
            complete -c rf-cam -l $name -r -F
        case folders
            complete -c rf-cam -l $name -x -a '(__fish_complete_directories)'
        case words
            complete -c rf-cam -l $name -x -a "$words[3..]"
        case '*'
            if test $dash -eq 1
                complete -c rf-cam -s $name
            else
                complete -c rf-cam -l $name
            end
    end
end
