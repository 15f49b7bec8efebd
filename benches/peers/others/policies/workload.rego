package workload

restricted := {"CN", "RU", "IR", "KP"}

owned := sum([owner.percent | some owner in input.customer.owners; owner.country in restricted])

denied if input.customer.country in restricted

denied if input.customer.headquarters in restricted

denied if owned > 50

licensed if {
	input.service.category == "gpu-cloud"
	owned > 25
}

default outcome := "permit"

outcome := "deny" if denied

outcome := "licence-required" if {
	licensed
	not denied
}

decision := {"outcome": outcome}
