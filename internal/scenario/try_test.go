package scenario_test
import ("testing";"os";"fmt";"github.com/settlex/settlex/internal/scenario")
func TestTry(t *testing.T){ f:=os.Getenv("TRY"); if f=="" {t.Skip()}; b,_:=os.ReadFile(f); n,err:=scenario.Parse(f,string(b)); if err!=nil{t.Fatal(err)}; fmt.Println(n.Play(t)) }
